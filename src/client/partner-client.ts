/** The signing fetch that a partner's engineer imports. */
import { ANSWER_LABEL } from '../core/answer-signing.ts';
import { type Clock, systemClock } from '../core/clock.ts';
import { type AnsweredRequest, AnswerVerifier } from './answers/answer-verifier.ts';
import { type CallIdentity, type CallSigner, createCallSigner } from './call-signer.ts';
import { carriesProblem, ProblemError, readProblem, retryAfterSeconds } from './problem-error.ts';
import {
  isIdempotent,
  mayRepeat,
  pause,
  pauseMs,
  RETRY_DEFAULTS,
  type RetryOptions,
} from './retry.ts';
import type { SignedFields } from './schemes/scheme.ts';
import type { SignableRequest } from './signature-base.ts';
import { targetUri } from './target-uri.ts';

const IDEMPOTENCY_KEY = 'idempotency-key';

/**
 * Whether answers must be signed by the bank (docs/answers.md): `always`, or an unsigned one is an
 * error; `if-signed`, what is signed must verify; `never`, nothing is looked at.
 */
export type AnswerVerification = 'never' | 'if-signed' | 'always';

export interface PartnerClientOptions extends CallIdentity {
  /** Scheme and authority as the gateway knows itself, with an optional path prefix. */
  readonly baseUrl: string;
  readonly fetch?: typeof globalThis.fetch;
  readonly retry?: Partial<RetryOptions>;
  /** `never` where absent. */
  readonly verifyAnswers?: AnswerVerification;
  readonly clock?: Clock;
  /** Uniform in [0, 1), for the jitter of the backoff. */
  readonly random?: () => number;
}

export interface RequestOptions {
  readonly headers?: Record<string, string>;
  /** How long each attempt may take, 1 to 600,000: gateway and upstream are told, and give up. */
  readonly deadlineMs?: number;
  /**
   * Of a call that is to take effect once, however often it is sent: any method is then repeated as
   * GET is. For operations that honour it (docs/idempotency.md).
   */
  readonly idempotencyKey?: string;
  readonly signal?: AbortSignal;
}

export interface PartnerClient {
  /**
   * Like the web's fetch, signed: resolves with the answer whatever its status. Redirects are not
   * followed, because a signature is good for one URI. Repeats what {@link mayRepeat} allows.
   * @throws TypeError where the URL is outside `baseUrl` or the network fails;
   *   AnswerSignatureError where `verifyAnswers` finds a fault; the call may have taken effect
   */
  fetch(pathOrUrl: string | URL, init?: RequestInit): Promise<Response>;
  /**
   * Sends `body` as JSON and returns the JSON of the answer, undefined where it has no content.
   * @throws ProblemError for every status outside 200-299
   */
  request<T>(method: string, path: string, body?: unknown, options?: RequestOptions): Promise<T>;
  /** The signature's headers for a request that is sent by other means; the path as in fetch. */
  sign(request: Omit<SignableRequest, 'targetUri'> & { readonly path: string }): SignedFields;
}

/** A request with everything that stays the same between attempts. */
interface Prepared {
  readonly method: string;
  readonly targetUri: string;
  readonly headers: Headers;
  readonly body: Uint8Array<ArrayBuffer> | undefined;
  readonly contentType: string | undefined;
  readonly idempotencyKey: string | undefined;
  readonly requestId: string | undefined;
  readonly init: RequestInit;
  readonly signal: AbortSignal | undefined;
}

type Attempt =
  | { readonly response: Response; readonly failure: undefined }
  | { readonly response: undefined; readonly failure: unknown };

class SigningClient implements PartnerClient {
  private readonly base: URL;
  private readonly signer: CallSigner;
  private readonly send: typeof globalThis.fetch;
  private readonly retry: RetryOptions;
  private readonly clock: Clock;
  private readonly random: () => number;
  private readonly verification: AnswerVerification;
  private readonly verifier: AnswerVerifier;

  constructor(options: PartnerClientOptions) {
    this.clock = options.clock ?? systemClock;
    this.base = new URL(options.baseUrl);
    this.signer = createCallSigner(options, this.clock);
    this.send = options.fetch ?? globalThis.fetch;
    this.retry = { ...RETRY_DEFAULTS, ...options.retry };
    this.random = options.random ?? Math.random;
    this.verification = options.verifyAnswers ?? 'never';
    const { baseUrl } = options;
    this.verifier = new AnswerVerifier({ baseUrl, fetch: this.send, clock: this.clock });
  }

  async fetch(pathOrUrl: string | URL, init: RequestInit = {}): Promise<Response> {
    const prepared = await prepare(targetUri(this.base, pathOrUrl), init);
    for (let attempt = 1; ; attempt += 1) {
      const outcome = await this.attempt(prepared);
      const waitMs =
        attempt < this.retry.attemptsMax ? await this.wait(prepared, outcome, attempt) : undefined;
      if (waitMs === undefined) {
        if (outcome.response !== undefined) return outcome.response;
        throw outcome.failure;
      }
      await outcome.response?.body?.cancel();
      await pause(waitMs, prepared.signal);
    }
  }

  async request<T>(
    method: string,
    path: string,
    body?: unknown,
    options: RequestOptions = {},
  ): Promise<T> {
    const init: RequestInit = { method, headers: { accept: 'application/json' } };
    if (body !== undefined) {
      init.body = JSON.stringify(body);
      init.headers = { ...init.headers, 'content-type': 'application/json' };
    }
    init.headers = { ...init.headers, ...options.headers } as Record<string, string>;
    if (options.deadlineMs !== undefined) {
      init.headers = { ...init.headers, 'x-xingyun-deadline-ms': String(options.deadlineMs) };
    }
    if (options.idempotencyKey !== undefined) {
      init.headers = { ...init.headers, [IDEMPOTENCY_KEY]: options.idempotencyKey };
    }
    if (options.signal !== undefined) init.signal = options.signal;
    const response = await this.fetch(path, init);
    if (!response.ok) {
      throw ProblemError.ofResponse(response, await readProblem(response), this.clock.wallMs());
    }
    const text = await response.text();
    return (text === '' ? undefined : JSON.parse(text)) as T;
  }

  sign(request: Omit<SignableRequest, 'targetUri'> & { readonly path: string }): SignedFields {
    return this.signer.sign({ ...request, targetUri: targetUri(this.base, request.path) });
  }

  private async attempt(prepared: Prepared): Promise<Attempt> {
    const headers = new Headers(prepared.headers);
    const signature = this.signer.sign(prepared);
    for (const [name, value] of Object.entries(signature)) headers.set(name, value);
    if (this.verification !== 'never') askForSignature(headers);
    let response: Response;
    try {
      response = await this.send(prepared.targetUri, { ...prepared.init, headers });
    } catch (failure) {
      return { response: undefined, failure };
    }
    // Outside: an answer that does not verify is no reason to send the call again.
    return {
      response: await this.verified({ ...prepared, headers }, response),
      failure: undefined,
    };
  }

  private async verified(request: AnsweredRequest, response: Response): Promise<Response> {
    const { verification, verifier } = this;
    const isSigned = response.headers.has('signature-input');
    if (verification === 'never' || (verification === 'if-signed' && !isSigned)) return response;
    try {
      return await verifier.verify(request, response);
    } catch (error) {
      await response.body?.cancel().catch(() => undefined);
      throw error;
    }
  }

  /** The pause before the next attempt, undefined where there must be none. */
  private async wait(
    prepared: Prepared,
    outcome: Attempt,
    attempt: number,
  ): Promise<number | undefined> {
    const { response } = outcome;
    if (response === undefined) {
      // A broken connection says nothing about whether the call was carried out.
      if (prepared.signal?.aborted || !takesEffectOnce(prepared)) return undefined;
    } else {
      // A clone that nobody reads would keep the whole body in memory.
      if (!carriesProblem(response)) return undefined;
      const refusal = await readProblem(response.clone());
      if (!mayRepeat(takesEffectOnce(prepared), refusal)) return undefined;
    }
    const askedSeconds = response && retryAfterSeconds(response.headers, this.clock.wallMs());
    return pauseMs(this.retry, attempt, askedSeconds, this.random);
  }
}

/** RFC 9421 section 5.1; and as it was signed, the platform would undo a coding. */
function askForSignature(headers: Headers): void {
  headers.set('accept-signature', `${ANSWER_LABEL}=("@status" "content-digest")`);
  headers.set('accept-encoding', 'identity');
}

/** However often it is sent. */
function takesEffectOnce({ method, idempotencyKey }: Prepared): boolean {
  return idempotencyKey !== undefined || isIdempotent(method);
}

/** Lets the platform turn any kind of body into bytes and a media type, once for all attempts. */
async function prepare(targetUri: string, init: RequestInit): Promise<Prepared> {
  const duplex = init.body instanceof ReadableStream ? { duplex: 'half' as const } : {};
  const request = new Request(targetUri, { ...init, ...duplex });
  const bytes = new Uint8Array(await request.arrayBuffer());
  const body = bytes.byteLength > 0 ? bytes : undefined;
  const headers = new Headers(request.headers);
  for (const name of ['signature', 'signature-input', 'content-digest']) headers.delete(name);
  if (body === undefined) headers.delete('content-type');
  else if (!headers.has('content-type')) headers.set('content-type', 'application/octet-stream');
  return {
    method: request.method,
    targetUri,
    headers,
    body,
    contentType: headers.get('content-type') ?? undefined,
    idempotencyKey: headers.get(IDEMPOTENCY_KEY) ?? undefined,
    requestId: headers.get('x-request-id') ?? undefined,
    init: { redirect: 'manual', ...init, method: request.method, body: body ?? null },
    signal: init.signal ?? undefined,
  };
}

/**
 * A client for one app of one partner.
 * @throws TypeError where the key does not fit the algorithm
 */
export function createPartnerClient(options: PartnerClientOptions): PartnerClient {
  return new SigningClient(options);
}
