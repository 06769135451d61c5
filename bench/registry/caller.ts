/** A connection that calls again as soon as it has its answer. */
import { HttpDialogue } from '../load/http-dialogue.ts';
import { type ConnectionOwner, LoadConnection } from '../load/load-connection.ts';
import type { RequestSource } from '../rig/presigned/request-source.ts';
import { UPSTREAM_BODY } from '../rig/upstream.ts';

export interface FinishedCall {
  /** On the clock of performance.now. */
  readonly sentMs: number;
  /** Undefined where it was accepted, else the code of the problem. */
  readonly fault: string | undefined;
}

/** Whether to call again. */
export type OnCall = (call: FinishedCall) => boolean;

export class Caller implements ConnectionOwner {
  private readonly connection: LoadConnection;
  private readonly opened = Promise.withResolvers<void>();
  private onCall: OnCall = () => false;
  private calling = Promise.withResolvers<void>();
  private closing = false;

  private constructor(port: number, requests: RequestSource) {
    const dialogue = new HttpDialogue(requests, UPSTREAM_BODY);
    this.connection = new LoadConnection(this, { host: '127.0.0.1', port }, dialogue);
    // Whoever calls hears of it; between calls nobody does until the next.
    this.calling.promise.catch(() => undefined);
  }

  static async open(port: number, requests: RequestSource): Promise<Caller> {
    const caller = new Caller(port, requests);
    caller.connection.open();
    await caller.opened.promise;
    return caller;
  }

  /**
   * Calls one after another while `onCall` wants more.
   * @throws Error where the connection is lost
   */
  call(onCall: OnCall): Promise<void> {
    this.onCall = onCall;
    this.calling = Promise.withResolvers();
    if (this.closing) this.calling.reject(lostError(this.connection.lastError));
    else this.send();
    return this.calling.promise;
  }

  close(): void {
    this.closing = true;
    this.connection.close();
  }

  onOpen(): void {
    this.opened.resolve();
  }

  onAnswer({ sentMs, dialogue }: LoadConnection): void {
    if (this.onCall({ sentMs, fault: dialogue.fault() }) && !this.closing) this.send();
    else this.calling.resolve();
  }

  onFailure(_connection: LoadConnection, kind: string): void {
    this.calling.reject(lostError(kind));
  }

  onClosed({ lastError }: LoadConnection): void {
    this.closing = true;
    this.opened.reject(lostError(lastError));
    this.calling.reject(lostError(lastError));
  }

  private send(): void {
    this.connection.send(performance.now());
  }
}

function lostError(why: string): Error {
  return new Error(`a connection of the callers was lost: ${why || 'the gateway closed it'}`);
}
