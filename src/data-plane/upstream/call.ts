/** One request on its way to an upstream, from `UpstreamClient.request` to its end. */

export type UpstreamErrorKind = 'unreachable' | 'timeout' | 'protocol' | 'saturated';

/**
 * Receives one answer. No method is called before `request` has returned, and none after `cancel`.
 * Exactly one of onEnd and onError ends the request. The methods must not throw.
 */
export interface UpstreamHandler {
  /**
   * `headers` is flat name, value pairs, names in lower case, values decoded as latin1. Hop-by-hop
   * and framing fields are removed. `hasBody` is false for HEAD and for 204 and 304, where
   * `contentLength` is only announced. The array belongs to the handler.
   */
  onHead(
    status: number,
    headers: readonly string[],
    contentLength: number | undefined,
    hasBody: boolean,
  ): void;
  /**
   * The chunk is valid during the call: the read buffer is shared. False stops reading until
   * `UpstreamRequest.resume`, which counts only after this has returned. After the last chunk onEnd
   * follows at once, false or not.
   */
  onBody(chunk: Uint8Array): boolean;
  /** `whole` is the whole body where no part of it went to onBody; valid during the call. */
  onEnd(whole?: Uint8Array): void;
  /**
   * - unreachable: the call did not reach the upstream (name, connect, TLS).
   * - timeout: no head within responseTimeoutMs, or a pause in the body beyond bodyIdleTimeoutMs.
   * - protocol: the answer broke HTTP/1.1 or the connection ended before the answer did; the call
   *   may have taken effect.
   * - saturated: no connection was free and the queue was full, or none became free in time.
   * `detail` is for the log, not for the caller.
   */
  onError(kind: UpstreamErrorKind, detail: string): void;
}

export interface UpstreamRequest {
  /** Gives the request up. In mid-answer its connection is closed, never used again. */
  cancel(): void;
  /** Goes on reading after onBody returned false. */
  resume(): void;
  /** Times that the request was handed to a connection: 0, 1 or 2. */
  readonly attempts: number;
  /** Milliseconds from `request` to the first attempt; 0 where a connection was free. */
  readonly waitMs: number;
  /** Monotonic milliseconds of the first attempt; 0 before it. */
  readonly sentMs: number;
}

/** Where the call is; implemented by the connection that carries it or the queue that holds it. */
export interface CallHolder {
  cancelCall(call: Call): void;
  resumeCall(call: Call): void;
}

/** Methods that another connection may repeat (RFC 9110 section 9.2.2). */
const IDEMPOTENT = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE']);
/** Methods that may share a connection with requests whose answers are still to come. */
const PIPELINABLE = new Set(['GET', 'HEAD', 'OPTIONS']);

export class Call implements UpstreamRequest {
  readonly method: string;
  readonly head: string;
  readonly body: Uint8Array;
  readonly handler: UpstreamHandler;
  readonly idempotent: boolean;
  readonly pipelinable: boolean;
  /** Monotonic milliseconds of `request`. */
  readonly arrivedMs: number;
  attempts = 0;
  waitMs = 0;
  sentMs = 0;
  /** Answered, failed or cancelled: the handler hears nothing more. */
  ended = false;
  /** Sent again after a lost connection, which happens once. */
  retried = false;
  /** Its connection had carried a request before this one. */
  onReused = false;
  /** Some bytes of the present attempt, of any attempt, may have reached the kernel. */
  written = false;
  everWritten = false;
  /** It is in the queue, since `queuedMs`. */
  queued = false;
  queuedMs = 0;
  holder: CallHolder;
  /** Neighbours in the queue. */
  previous: Call | undefined = undefined;
  next: Call | undefined = undefined;

  constructor(
    method: string,
    head: string,
    body: Uint8Array,
    handler: UpstreamHandler,
    holder: CallHolder,
    nowMs: number,
  ) {
    this.method = method;
    this.head = head;
    this.body = body;
    this.handler = handler;
    this.idempotent = IDEMPOTENT.has(method);
    this.pipelinable = body.length === 0 && PIPELINABLE.has(method);
    this.holder = holder;
    this.arrivedMs = nowMs;
  }

  cancel(): void {
    if (this.ended) return;
    this.ended = true;
    this.holder.cancelCall(this);
  }

  resume(): void {
    if (!this.ended) this.holder.resumeCall(this);
  }

  markWritten(written: boolean): void {
    this.written = written;
    if (written) this.everWritten = true;
  }

  /** Ends the call with an error, unless it has ended. */
  fail(kind: UpstreamErrorKind, detail: string): void {
    if (this.ended) return;
    this.ended = true;
    this.handler.onError(kind, detail);
  }
}
