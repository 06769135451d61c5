/** Calls of an app that is certified: by the client library, or signed wrongly on purpose. */
import { createPartnerClient, type PartnerClient, readProblem } from '../../client/index.ts';
import type { ClientSettings } from '../client-settings.ts';

/** What the caller saw of one call. */
export interface SeenCall {
  readonly requestId: string;
  /** Undefined where no answer came. */
  readonly status: number | undefined;
  /** Of a problem document. */
  readonly code: string | undefined;
  /** Why no answer came. */
  readonly failure: string | undefined;
  readonly totalMs: number;
}

export interface AppCall {
  readonly method: string;
  readonly path: string;
  readonly body?: string;
  readonly contentType?: string;
  readonly idempotencyKey?: string;
  /** Gives up when so many milliseconds have passed. */
  readonly giveUpMs?: number;
}

export interface WrongSignature {
  /** Signs this body and sends the call's own. */
  readonly signedBody?: string;
  /** Seconds since the epoch at which it claims to be signed. */
  readonly created?: number;
}

/** Longest wait for any call that has no time of its own. */
const CALL_MAX_MS = 30_000;

export class PartnerApp {
  private readonly runId: string;
  private readonly settings: ClientSettings;
  private readonly client: PartnerClient;
  private count = 0;

  constructor(runId: string, settings: ClientSettings) {
    this.runId = runId;
    this.settings = settings;
    this.client = createPartnerClient(settings);
  }

  /** Another key of the same app, for the same run. */
  withKey(settings: ClientSettings): PartnerApp {
    return new PartnerApp(this.runId, settings);
  }

  call(step: string, call: AppCall): Promise<SeenCall> {
    const { method, path, giveUpMs = CALL_MAX_MS } = call;
    return this.watch(step, requestId =>
      this.client.fetch(path, {
        method,
        headers: headersOf(call, requestId),
        signal: AbortSignal.timeout(giveUpMs),
        ...(call.body === undefined ? {} : { body: call.body }),
      }),
    );
  }

  /** Signs once and sends that twice: the same nonce under the same signature. */
  async sendTwice(step: string, call: AppCall): Promise<readonly [SeenCall, SeenCall]> {
    const signature = this.client.sign({ method: call.method, path: call.path });
    const first = await this.send(step, call, signature);
    return [first, await this.send(step, call, signature)];
  }

  sendWrong(step: string, call: AppCall, wrong: WrongSignature): Promise<SeenCall> {
    const { method, path, contentType } = call;
    const body = wrong.signedBody ?? call.body;
    const signature = this.client.sign({
      method,
      path,
      contentType,
      ...(body === undefined ? {} : { body: Buffer.from(body) }),
      ...(wrong.created === undefined ? {} : { created: wrong.created }),
    });
    return this.send(step, call, signature);
  }

  private send(step: string, call: AppCall, signature: object): Promise<SeenCall> {
    const url = new URL(this.settings.baseUrl.replace(/\/$/, '') + call.path);
    return this.watch(step, requestId =>
      fetch(url, {
        method: call.method,
        headers: { ...headersOf(call, requestId), ...signature },
        redirect: 'manual',
        signal: AbortSignal.timeout(CALL_MAX_MS),
        ...(call.body === undefined ? {} : { body: call.body }),
      }),
    );
  }

  private async watch(
    step: string,
    send: (requestId: string) => Promise<Response>,
  ): Promise<SeenCall> {
    this.count += 1;
    // The key is part of it: two keys of an app count on their own.
    const requestId = `${this.runId}.${step}.${this.count}-${shortKey(this.settings.keyId)}`;
    const startedMs = performance.now();
    const seen = await send(requestId).then(readAnswer).catch(describeFailure);
    return { requestId, ...seen, totalMs: performance.now() - startedMs };
  }
}

function headersOf(call: AppCall, requestId: string): Record<string, string> {
  const { contentType, idempotencyKey } = call;
  return {
    'x-request-id': requestId,
    ...(contentType === undefined ? {} : { 'content-type': contentType }),
    ...(idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey }),
  };
}

async function readAnswer(response: Response) {
  const problem = await readProblem(response.clone());
  // To its end: a connection that is cut in the middle would be one that was given up.
  await response.arrayBuffer();
  return { status: response.status, code: problem?.code, failure: undefined };
}

function describeFailure(error: unknown) {
  const { name, cause, message } = error as Error & { readonly cause?: { code?: string } };
  const failure = name === 'TimeoutError' ? 'given up' : (cause?.code ?? message);
  return { status: undefined, code: undefined, failure };
}

/** Request ids have 128 characters of a small set (docs/http-conduct.md). */
function shortKey(keyId: string): string {
  return keyId.replaceAll(/[^A-Za-z0-9_-]/g, '').slice(-32);
}
