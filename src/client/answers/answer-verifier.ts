/** Checks what the bank signs of its answers (docs/answers.md). */
import { hash, timingSafeEqual, verify } from 'node:crypto';
import { type Clock, systemClock } from '../../core/clock.ts';
import { SIGNING_METHODS } from '../../core/signing-key.ts';
import type { SignatureAlgorithm } from '../../core/snapshot.ts';
import { readBody } from '../read-body.ts';
import { AnswerSignatureError } from './answer-error.ts';
import { PublishedKeys } from './published-keys.ts';
import { type AnswerSignature, readAnswerSignature } from './signature-fields.ts';

/** How far the clocks of both sides may differ, and how long an answer may be under way. */
const CREATED_MAX_DIFFERENCE_MS = 300_000;
const BODY_MAX_BYTES = 16_777_216;
const MS_PER_SECOND = 1_000;
/** Without them somebody else could have written what they say. */
const REQUIRED = ['"@status"', '"content-digest"', '"@method";req', '"@target-uri";req'];

/** Below it an answer is none that is given before the request's signature was verified. */
const REFUSED_FROM = 400;

/** As it was sent. */
export interface AnsweredRequest {
  readonly method: string;
  readonly targetUri: string;
  readonly headers: Headers;
}

export interface AnswerVerifierOptions {
  /** Of the gateway: where its keys are published. */
  readonly baseUrl: string;
  readonly fetch?: typeof globalThis.fetch;
  readonly clock?: Clock;
}

export class AnswerVerifier {
  private readonly keys: PublishedKeys;
  private readonly clock: Clock;

  constructor({ baseUrl, fetch = globalThis.fetch, clock = systemClock }: AnswerVerifierOptions) {
    this.clock = clock;
    this.keys = new PublishedKeys({ baseUrl, fetch, clock });
  }

  /**
   * Resolves with the same answer, its body read, where the bank signed it for this request.
   * @throws AnswerSignatureError where it did not
   */
  async verify(request: AnsweredRequest, response: Response): Promise<Response> {
    const signature = readAnswerSignature(response.headers);
    this.checkTime(signature);
    const bound = boundSignature(request);
    checkCoverage(signature, response, bound);
    const { key, algorithm } = await this.keys.get(signature.keyId);
    if (algorithm !== signature.algorithm) {
      throw new AnswerSignatureError('answer-signature-invalid');
    }
    const base = Buffer.from(signatureBase(signature, request, response, bound), 'latin1');
    const { hash: hashName, options } = SIGNING_METHODS[algorithm as SignatureAlgorithm];
    if (!verify(hashName, base, { ...options, key }, signature.value)) {
      throw new AnswerSignatureError('answer-signature-invalid');
    }
    const body = await readBody(response, BODY_MAX_BYTES);
    if (body === undefined) throw new AnswerSignatureError('answer-too-long');
    checkDigest(response.headers, body);
    return rebuilt(response, body);
  }

  private checkTime({ created }: AnswerSignature): void {
    const differenceMs = Math.abs(this.clock.wallMs() - created * MS_PER_SECOND);
    if (differenceMs > CREATED_MAX_DIFFERENCE_MS) throw new AnswerSignatureError('answer-expired');
  }
}

/** What the request's own signature is called, and what it is; undefined for other schemes. */
interface BoundSignature {
  readonly component: string;
  readonly value: string;
}

/** The client signs once, so that there is one member. */
function boundSignature({ headers }: AnsweredRequest): BoundSignature | undefined {
  if (!headers.has('signature-input')) return undefined;
  const match = /^([a-z*][a-z0-9_.*-]*)=(:[A-Za-z0-9+/=]+:)$/.exec(headers.get('signature') ?? '');
  if (match === null) return undefined;
  return { component: `"signature";req;key="${match[1]}"`, value: match[2]! };
}

function checkCoverage(
  { components }: AnswerSignature,
  { status, headers }: Response,
  bound: BoundSignature | undefined,
): void {
  const covers = (component: string) => components.includes(component);
  const isWhole =
    REQUIRED.every(covers) && (!headers.has('content-type') || covers('"content-type"'));
  if (!isWhole) throw new AnswerSignatureError('answer-coverage');
  // A refusal of the signature itself is not bound to it: the gateway knows nobody's then.
  const named = components.find(component => component.startsWith('"signature";req'));
  if (named !== undefined && named !== bound?.component) {
    throw new AnswerSignatureError('answer-other-request');
  }
  if (named === undefined && bound !== undefined && status < REFUSED_FROM) {
    throw new AnswerSignatureError('answer-coverage');
  }
}

/** RFC 9421 section 2.5. */
function signatureBase(
  { components, parameters }: AnswerSignature,
  request: AnsweredRequest,
  response: Response,
  bound: BoundSignature | undefined,
): string {
  const lines = components.map(component => {
    return `${component}: ${componentValue(component, request, response, bound)}\n`;
  });
  return `${lines.join('')}"@signature-params": ${parameters}`;
}

function componentValue(
  component: string,
  request: AnsweredRequest,
  { status, headers }: Response,
  bound: BoundSignature | undefined,
): string {
  switch (component) {
    case '"@status"':
      return String(status);
    case '"@method";req':
      return request.method;
    case '"@target-uri";req':
      return request.targetUri;
    case bound?.component:
      return bound!.value;
  }
  const name = /^"([a-z][a-z0-9-]*)"$/.exec(component)?.[1];
  const value = name === undefined ? null : headers.get(name);
  if (value === null) throw new AnswerSignatureError('answer-coverage');
  return value.trim();
}

/** RFC 9530 section 2, with the one algorithm that the gateway uses. */
function checkDigest(headers: Headers, body: Uint8Array): void {
  const match = /^sha-256=:([A-Za-z0-9+/]{43}=):$/.exec(headers.get('content-digest') ?? '');
  if (match === null) throw new AnswerSignatureError('answer-signature-malformed');
  const actual = hash('sha256', body, 'buffer');
  if (!timingSafeEqual(actual, Buffer.from(match[1]!, 'base64'))) {
    throw new AnswerSignatureError('answer-digest-mismatch');
  }
}

/** Statuses whose answers have no body (RFC 9110 section 6.4.1). */
const BODILESS: ReadonlySet<number> = new Set([101, 103, 204, 205, 304]);

function rebuilt(response: Response, body: Uint8Array<ArrayBuffer>): Response {
  const { status, statusText, headers } = response;
  return new Response(BODILESS.has(status) ? null : body, { status, statusText, headers });
}
