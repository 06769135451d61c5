/**
 * The nonces of a front whose process replaces another: asked of that one as long as it is there,
 * and then of the table that this process has loaded of what it left.
 */
import { connect, type Socket } from 'node:net';
import type { NonceClaimant, NonceClaims, NonceOutcome, NonceStore } from '../contracts.ts';
import { TurnBatches } from '../turn-batches.ts';
import { type ClaimsAsked, type FromAuthority, Lines } from './messages.ts';

/** A process that does not answer for as long is stopped or hangs: signed calls are refused. */
const ANSWER_MAX_MS = 1_000;

interface Asked {
  readonly appId: string;
  readonly nonce: string;
  readonly expiresAtMs: number;
  readonly claimant: NonceClaimant;
}

export class MovingNonceStore implements NonceClaims {
  private readonly socket: Socket;
  private readonly answerMaxMs: number;
  private readonly opened = Promise.withResolvers<void>();
  private readonly lines = new Lines();
  /** What is to be asked, and what was asked and has no answer. */
  private readonly batches = new TurnBatches<Asked>(
    () => this.isAsked,
    asked => this.send(asked),
  );
  private readonly sent = new Map<number, readonly Asked[]>();
  /** The other process has ended; its table is awaited. */
  private gathered: Asked[] = [];
  private lastBatch = 0;
  /** The other process has said who it is, and answers claims. */
  private isAsked = false;
  /** It has not answered in time; it may still. */
  private isSilent = false;
  private silence: NodeJS.Timeout | undefined;
  private acceptAfterMs = Number.POSITIVE_INFINITY;
  private local: NonceStore | undefined;

  constructor(path: string, answerMaxMs = ANSWER_MAX_MS) {
    this.answerMaxMs = answerMaxMs;
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
    if (this.isSilent) return 'unavailable';
    const asked = { appId, nonce, expiresAtMs, claimant };
    if (this.isAsked) this.batches.add(asked);
    else this.gathered.push(asked);
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
    clearTimeout(this.silence);
    this.socket.destroy();
  }

  private send(claims: readonly Asked[]): void {
    this.lastBatch += 1;
    this.sent.set(this.lastBatch, claims);
    const message: ClaimsAsked = {
      batch: this.lastBatch,
      claims: claims.map(({ appId, nonce, expiresAtMs }) => [appId, nonce, expiresAtMs]),
    };
    this.socket.write(`${JSON.stringify(message)}\n`);
    // After a pause of this thread timers come before what has arrived meanwhile.
    this.silence ??= setTimeout(() => setImmediate(() => this.refuseSilent()), this.answerMaxMs);
  }

  private hear(line: string): void {
    const message = JSON.parse(line) as FromAuthority;
    if ('isOver' in message) return this.takeBack();
    if ('acceptCreatedAfterMs' in message) {
      this.acceptAfterMs = message.acceptCreatedAfterMs;
      this.isAsked = true;
      return this.opened.resolve();
    }
    this.isSilent = false;
    const claims = this.sent.get(message.batch);
    // Those of a batch that came too late were told already.
    if (claims === undefined) return;
    this.sent.delete(message.batch);
    if (this.sent.size === 0) this.stopTimer();
    claims.forEach(({ claimant }, i) => {
      claimant.settleNonce(message.outcomes[i]!);
    });
    this.batches.answered(claims);
  }

  private stopTimer(): void {
    clearTimeout(this.silence);
    this.silence = undefined;
  }

  private refuseSilent(): void {
    if (this.sent.size === 0) return;
    this.isSilent = true;
    this.dropAll();
  }

  /** What was sent it may have claimed or still claim, so nobody can say. */
  private dropAll(): void {
    this.stopTimer();
    this.sent.clear();
    const { sent, unsent } = this.batches.drop();
    for (const { claimant } of [...sent, ...unsent]) claimant.settleNonce('unavailable');
  }

  /** What was not answered was not claimed. */
  private takeBack(): void {
    this.stopTimer();
    this.isAsked = false;
    this.isSilent = false;
    this.sent.clear();
    const { sent, unsent } = this.batches.drop();
    this.gathered.unshift(...sent, ...unsent);
  }

  private onGone(): void {
    this.isAsked = false;
    this.isSilent = false;
    this.dropAll();
    this.opened.resolve();
  }
}
