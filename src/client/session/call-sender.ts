/** Brings calls to the current connection: queued, signed, written, taken back from a lost one. */
import type { Clock } from '../../core/clock.ts';
import type { MessageSigner, SignatureHeaders } from '../signature-base.ts';
import { lostError } from './answer.ts';
import { bodyBytes } from './call-message.ts';
import { CallQueue, type Sending } from './call-queue.ts';
import type { SessionCounters, SessionLimits } from './limits.ts';
import type { Link } from './link.ts';
import type { PendingCall } from './pending-call.ts';
import { SessionError } from './session-error.ts';
import type { SocketClose } from './socket.ts';

export interface SenderParts {
  readonly limits: SessionLimits;
  readonly signer: MessageSigner;
  readonly clock: Clock;
}

type Signatures = readonly (SignatureHeaders | undefined)[];

const TOO_LARGE = 1009;

export class CallSender {
  private readonly parts: SenderParts;
  private readonly queue: CallQueue;
  private readonly current: () => Link | undefined;
  private ending: Error | undefined;

  /** @param current the connection that takes calls now */
  constructor(parts: SenderParts, counters: SessionCounters, current: () => Link | undefined) {
    this.parts = parts;
    this.queue = new CallQueue(parts.limits, counters);
    this.current = current;
  }

  /** Behind what waits already; calls that are settled are left out. */
  add(calls: readonly PendingCall[]): void {
    this.put(calls, sending => this.queue.add(sending));
  }

  addFirst(calls: readonly PendingCall[]): void {
    this.put(calls, sending => this.queue.addFirst(sending));
  }

  /** Writes as many as there are places. */
  pump(): void {
    const link = this.current();
    if (link === undefined) return;
    for (;;) {
      const sending = this.queue.take(link.places);
      if (sending === undefined) return;
      const calls = sending.filter(({ isSettled }) => !isSettled);
      if (calls.length > 0) this.start(link, calls);
    }
  }

  /** What was in flight on a connection that ended: sent again where that is safe. */
  takeBack(cut: readonly PendingCall[], close: SocketClose): void {
    // One of them was too large for the gateway, and would be so again.
    const isAnyRepeated = close.code !== TOO_LARGE;
    if (this.ending !== undefined) {
      this.failInFlight(cut);
      return;
    }
    for (const call of cut) {
      const isRepeated =
        isAnyRepeated && call.terms.isRepeatable && call.sendings < this.parts.limits.attemptsMax;
      if (isRepeated) this.queue.addFirst([call]);
      else call.fail(lostError(close, true));
    }
  }

  /**
   * Nothing is sent any more.
   * @param inFlight calls that await their answer
   */
  end(error: Error, inFlight: readonly PendingCall[]): void {
    this.ending = error;
    this.queue.failAll(error);
    this.failInFlight(inFlight);
  }

  /** Why the session ended is the cause of their loss, which says what else they must know. */
  private failInFlight(calls: readonly PendingCall[]): void {
    const cause = this.ending!;
    const code = cause instanceof SessionError ? cause.code : 'session-lost';
    const options = { cause, mayHaveTakenEffect: true };
    const detail = 'The session ended before the answer; the call may have taken effect.';
    for (const call of calls) call.fail(new SessionError(code, detail, options));
  }

  private put(calls: readonly PendingCall[], into: (sending: Sending) => void): void {
    const sending = calls.filter(({ isSettled }) => !isSettled);
    if (sending.length === 0) return;
    if (this.ending !== undefined) {
      for (const call of sending) call.fail(this.ending);
      return;
    }
    into(sending);
    this.pump();
  }

  private start(link: Link, calls: Sending): void {
    if (calls.every(({ message }) => message.signed === undefined)) {
      this.write(link, calls, NO_SIGNATURES);
      return;
    }
    const release = reservePlaces(link, calls);
    Promise.all(calls.map(call => this.sign(call))).then(
      signatures => {
        release();
        this.writeSigned(link, calls, signatures);
      },
      (cause: unknown) => {
        release();
        for (const call of calls) {
          call.fail(new SessionError('signing-failed', 'The message was not signed.', { cause }));
        }
        link.offerPlaces();
      },
    );
  }

  private async sign({ message }: PendingCall): Promise<SignatureHeaders | undefined> {
    const { signed } = message;
    return signed && (await this.parts.signer.sign({ ...signed, body: bodyBytes(message.body) }));
  }

  private writeSigned(link: Link, calls: Sending, signatures: Signatures): void {
    if (this.ending !== undefined || !link.isOpen) {
      // To the next connection, where it is signed anew.
      this.addFirst(calls);
      return;
    }
    const live = calls.flatMap((call, i) => (call.isSettled ? [] : i));
    if (live.length > 0) {
      this.write(
        link,
        live.map(i => calls[i]!),
        live.map(i => signatures[i]),
      );
    }
    link.offerPlaces();
  }

  private write(link: Link, calls: Sending, signatures: Signatures): void {
    try {
      link.write(calls, signatures, this.parts.clock.monotonicMs());
    } catch (error) {
      for (const call of calls) call.fail(error);
    }
  }
}

/**
 * Keeps places for calls that are being signed, until they are or nobody waits for any of them: who
 * signs may never answer. What is returned gives them back.
 */
function reservePlaces(link: Link, calls: Sending): () => void {
  link.reserve(calls.length);
  let isKept = true;
  const release = () => {
    if (isKept) link.reserve(-calls.length);
    isKept = false;
    for (const call of calls) call.onSettled = undefined;
  };
  const onSettled = () => {
    if (!calls.every(({ isSettled }) => isSettled)) return;
    release();
    link.offerPlaces();
  };
  for (const call of calls) call.onSettled = onSettled;
  return release;
}

const NO_SIGNATURES: Signatures = [];
