/**
 * Keeps one connection open: opens it, opens another when it is lost or leaves, and gives up where
 * that cannot help.
 */
import type { Clock } from '../../core/clock.ts';
import { ProblemError } from '../problem-error.ts';
import { pauseMs } from '../retry.ts';
import type { MessageSigner, SignatureHeaders } from '../signature-base.ts';
import { closeError, isTransient } from './answer.ts';
import type { ReconnectOptions } from './limits.ts';
import { Link, type LinkParts } from './link.ts';
import { SessionError, type SessionErrorCode } from './session-error.ts';
import type { OpenSocket, SocketClose } from './socket.ts';

/** What happens to a session's connections, for whoever wants to show it. */
export type SessionChange =
  | { readonly kind: 'open' }
  /** The connection is gone. */
  | { readonly kind: 'lost'; readonly error: Error }
  /** A try to open another one failed; the next comes after the pause. */
  | { readonly kind: 'waiting'; readonly error: Error; readonly waitMs: number }
  /** The gateway drains: another connection is being opened, this one serves meanwhile. */
  | { readonly kind: 'moving' }
  /** It is over; no error where its owner closed it. */
  | { readonly kind: 'ended'; readonly error: Error | undefined };

export interface KeeperOptions {
  /** `ws:` or `wss:`. */
  readonly socketUrl: string;
  /** The same in `http:` or `https:`, which the handshake's signature covers. */
  readonly handshakeUri: string;
  readonly signer: MessageSigner;
  readonly openSocket: OpenSocket;
  readonly reconnect: ReconnectOptions;
  readonly clock: Clock;
  readonly random: () => number;
}

export interface KeeperOwner {
  /** Calls and subscriptions go here from now on. */
  onCurrent(link: Link): void;
  /** The connection is gone and there is none. */
  onLost(): void;
  /** There is none, and there will be no other. */
  onGivenUp(error: Error): void;
  onChange(change: SessionChange): void;
}

/**
 * Codes after which another connection would end like the last one (RFC 6455 section 7.4.1): a
 * protocol error, a wrong frame type, invalid data, a policy, a missing extension.
 */
const FINAL_CODES: ReadonlySet<number> = new Set([1002, 1003, 1007, 1008, 1010]);

export class LinkKeeper {
  /** Undefined while there is none. */
  current: Link | undefined;
  private readonly options: KeeperOptions;
  private readonly parts: LinkParts;
  private readonly owner: KeeperOwner;
  private isOpening = false;
  private isClosed = false;
  /** Why no other connection will come, while the last one still serves. */
  private failure: Error | undefined;
  /** Tries to open another connection since the last stable one. */
  private attempts = 0;
  /** When the last stable connection ended; undefined before the first end. */
  private downSinceMs: number | undefined;
  private openedAtMs: number | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private abandon: (() => void) | undefined;

  constructor(options: KeeperOptions, parts: LinkParts, owner: KeeperOwner) {
    this.options = options;
    this.parts = parts;
    this.owner = owner;
  }

  /** The first connection: one try. */
  start(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.open(link => {
        this.adopt(link);
        resolve();
      }, reject);
    });
  }

  /** The gateway drains this connection. */
  move(link: Link): void {
    if (link !== this.current || link.isLeaving) return;
    link.isLeaving = true;
    this.owner.onChange({ kind: 'moving' });
    if (this.isOpening) return;
    this.noteStability();
    // A gateway that sends everyone away as soon as they come is not asked again at once.
    if (this.attempts > 0) {
      this.waitAfter(new SessionError('connect-failed', 'The gateway drains.'));
      return;
    }
    this.attempts = 1;
    this.reopen();
  }

  /** A connection has ended that was opened here. */
  onEnded(link: Link, close: SocketClose): void {
    if (link !== this.current || this.isClosed) return;
    this.current = undefined;
    const error = link.fault ?? closeError(close);
    // With 1008 the gateway may name a problem that passes: `rate-limited`.
    const isFinal =
      link.fault !== undefined || (FINAL_CODES.has(close.code) && !isTransient(error));
    if (isFinal || this.failure !== undefined) {
      this.finish(isFinal ? error : this.failure!);
      return;
    }
    this.owner.onLost();
    this.owner.onChange({ kind: 'lost', error });
    if (this.isOpening) return;
    this.noteStability();
    this.waitAfter(error);
  }

  /** No other connection is opened; the current one stays its owner's. */
  close(): void {
    this.isClosed = true;
    clearTimeout(this.timer);
    this.abandon?.();
  }

  private reopen(): void {
    this.isOpening = true;
    this.open(
      link => this.adopt(link),
      error => this.waitAfter(error),
    );
  }

  private adopt(link: Link): void {
    this.isOpening = false;
    const { counters } = this.parts;
    if (this.current !== undefined) counters.moves++;
    else if (this.openedAtMs !== undefined) counters.reconnects++;
    this.current = link;
    this.openedAtMs = this.options.clock.monotonicMs();
    this.owner.onCurrent(link);
    this.owner.onChange({ kind: 'open' });
  }

  /** The current connection ends: what came before counts no more where it was a stable one. */
  private noteStability(): void {
    const nowMs = this.options.clock.monotonicMs();
    const isStable = nowMs - (this.openedAtMs ?? nowMs) >= this.options.reconnect.stableMs;
    if (this.downSinceMs !== undefined && !isStable) return;
    this.downSinceMs = nowMs;
    this.attempts = 0;
  }

  private waitAfter(error: Error): void {
    if (this.isClosed) return;
    this.isOpening = true;
    const { reconnect, random, clock } = this.options;
    this.attempts++;
    const askedSeconds = error instanceof ProblemError ? error.retryAfterSeconds : undefined;
    const waitMs = mayReconnect(error)
      ? pauseMs(reconnect, this.attempts, askedSeconds, random)
      : undefined;
    const downMs = clock.monotonicMs() - (this.downSinceMs ?? 0);
    if (waitMs === undefined || downMs + waitMs >= reconnect.giveUpMs) {
      this.giveUp(error);
      return;
    }
    this.owner.onChange({ kind: 'waiting', error, waitMs });
    this.timer = setTimeout(() => this.reopen(), waitMs);
  }

  /** A connection that leaves serves until its end. */
  private giveUp(error: Error): void {
    this.isOpening = false;
    if (this.current === undefined) this.finish(error);
    else this.failure = error;
  }

  private finish(error: Error): void {
    this.close();
    this.owner.onGivenUp(error);
  }

  /** Exactly one of the two is called, `opened` before anything else comes of the connection. */
  private open(opened: (link: Link) => void, failed: (error: Error) => void): void {
    let isDone = false;
    let stop: (() => void) | undefined;
    const finish = (error: Error | undefined, link?: Link) => {
      if (isDone) return;
      isDone = true;
      clearTimeout(timer);
      this.abandon = undefined;
      if (error !== undefined) stop?.();
      if (link === undefined) failed(error!);
      else opened(link);
    };
    const { limits } = this.parts;
    const timer = setTimeout(() => {
      const detail = `No answer to the handshake within ${limits.openTimeoutMs} ms.`;
      finish(new SessionError('connect-failed', detail));
    }, limits.openTimeoutMs);
    this.abandon = () => finish(closedError());
    this.sign().then(
      signature => {
        if (isDone) return;
        const { openSocket, socketUrl: url } = this.options;
        const { subprotocol } = this.parts.codec;
        const link = new Link(this.parts, error =>
          error === undefined ? finish(undefined, link) : finish(error),
        );
        stop = openSocket({ url, subprotocol, signature, limits }, link);
      },
      (cause: unknown) => {
        const detail = 'The handshake could not be signed.';
        finish(new SessionError('signing-failed', detail, { cause }));
      },
    );
  }

  private async sign(): Promise<SignatureHeaders> {
    const { signer, handshakeUri } = this.options;
    return await signer.sign({ method: 'GET', targetUri: handshakeUri });
  }
}

const PASSING: ReadonlySet<SessionErrorCode> = new Set([
  'connect-failed',
  'signing-failed',
  'session-lost',
]);

function closedError(): SessionError {
  return new SessionError('session-closed', 'The session was closed.');
}

/** A refusal follows the table of problems; a network that fails may recover. */
function mayReconnect(error: Error): boolean {
  if (error instanceof ProblemError) return isTransient(error) || /^http-5/.test(error.code);
  return error instanceof SessionError && PASSING.has(error.code);
}
