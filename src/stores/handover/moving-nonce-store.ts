/**
 * The nonces of a front whose process replaces another: asked of that one as long as it is there,
 * and then of the table that this process has loaded of what it left.
 */
import { connect, type Socket } from 'node:net';
import type { NonceClaimant, NonceClaims, NonceOutcome, NonceStore } from '../contracts.ts';
import { type ClaimsAsked, type FromAuthority, Lines } from './messages.ts';

interface Asked {
  readonly appId: string;
  readonly nonce: string;
  readonly expiresAtMs: number;
  readonly claimant: NonceClaimant;
}

export class MovingNonceStore implements NonceClaims {
  private readonly socket: Socket;
  private readonly opened = Promise.withResolvers<void>();
  private readonly lines = new Lines();
  private gathered: Asked[] = [];
  /** Sent and not answered, by batch. */
  private readonly sent = new Map<number, readonly Asked[]>();
  private lastBatch = 0;
  private isGone = false;
  private isScheduled = false;
  private acceptAfterMs = Number.POSITIVE_INFINITY;
  private local: NonceStore | undefined;

  constructor(path: string) {
    this.socket = connect(path);
    this.socket.setEncoding('utf8');
    this.socket.unref();
    this.socket.on('data', chunk => {
      for (const line of this.lines.take(chunk as unknown as string)) this.hear(line);
    });
    // Its process has ended or died: `close` follows.
    this.socket.on('error', () => undefined);
    this.socket.on('close', () => this.onGone());
  }

  /** Resolves when signatures can be judged: by the other process, or without it. */
  get ready(): Promise<void> {
    return this.opened.promise;
  }

  get acceptCreatedAfterMs(): number {
    return this.local === undefined ? this.acceptAfterMs : this.local.acceptCreatedAfterMs;
  }

  claim(
    appId: string,
    nonce: string,
    expiresAtMs: number,
    claimant: NonceClaimant,
  ): NonceOutcome | 'later' {
    if (this.local !== undefined) return this.local.claim(appId, nonce, expiresAtMs);
    this.gathered.push({ appId, nonce, expiresAtMs, claimant });
    this.schedule();
    return 'later';
  }

  /** From now on nonces are in the table; what waited for it is claimed there. */
  moveTo(local: NonceStore): void {
    this.local = local;
    this.socket.destroy();
    this.opened.resolve();
    for (const { appId, nonce, expiresAtMs, claimant } of this.gathered.splice(0)) {
      claimant.settleNonce(local.claim(appId, nonce, expiresAtMs));
    }
  }

  close(): void {
    this.socket.destroy();
  }

  private schedule(): void {
    if (this.isScheduled || this.isGone || this.socket.connecting) return;
    this.isScheduled = true;
    setImmediate(() => this.flush());
  }

  private flush(): void {
    this.isScheduled = false;
    if (this.isGone || this.local !== undefined || this.gathered.length === 0) return;
    const asked = this.gathered;
    this.gathered = [];
    this.lastBatch += 1;
    this.sent.set(this.lastBatch, asked);
    const message: ClaimsAsked = {
      batch: this.lastBatch,
      claims: asked.map(({ appId, nonce, expiresAtMs }) => [appId, nonce, expiresAtMs]),
    };
    this.socket.write(`${JSON.stringify(message)}\n`);
  }

  private hear(line: string): void {
    const message = JSON.parse(line) as FromAuthority;
    if ('isOver' in message) return this.takeBack();
    if ('acceptCreatedAfterMs' in message) {
      this.acceptAfterMs = message.acceptCreatedAfterMs;
      this.opened.resolve();
      this.schedule();
      return;
    }
    const asked = this.sent.get(message.batch) ?? [];
    this.sent.delete(message.batch);
    asked.forEach(({ claimant }, i) => {
      claimant.settleNonce(message.outcomes[i]!);
    });
  }

  /** What was not answered was not claimed. */
  private takeBack(): void {
    this.isGone = true;
    this.gathered.unshift(...[...this.sent.values()].flat());
    this.sent.clear();
  }

  /** What it was asked last it may have claimed: whoever asked signs again. */
  private onGone(): void {
    this.isGone = true;
    this.opened.resolve();
    const unanswered = [...this.sent.values()].flat();
    this.sent.clear();
    for (const { claimant } of unanswered) claimant.settleNonce('unavailable');
  }
}
