import { BROKEN, COMPLETE, MORE } from '../answer-reader.ts';
import { type Dialogue, type DialogueOutcome, ENDED, OPENED, UNASKED } from '../dialogue.ts';
import { type CallAnswers, NO_ANSWER } from './call-answers.ts';
import type { CallFormat } from './call-format.ts';
import type { CallSource } from './call-source.ts';
import { clientFrame, OPCODE } from './client-frames.ts';
import { type Handshake, REFUSED, UNFINISHED } from './handshake.ts';
import { ServerFrames } from './server-frames.ts';

/** What all sessions of a generator share. */
export interface SessionParts {
  readonly format: CallFormat;
  readonly calls: CallSource;
  readonly answers: CallAnswers;
  /** @throws Error where all that were signed ahead are used up */
  readonly nextHandshake: () => Handshake;
}

/** Handshake, then calls and answers of a session, one call in flight. */
export class SessionDialogue implements Dialogue {
  /** A close frame came behind the answer. */
  closes = false;
  ending = '';
  reply: Uint8Array | undefined;
  private readonly parts: SessionParts;
  private readonly frames = new ServerFrames();
  /** Until it is answered. */
  private handshake: Handshake | undefined;
  private isAsked = false;
  private id = 0;
  private answerFault: string | undefined;

  constructor(parts: SessionParts) {
    this.parts = parts;
  }

  begin(): string {
    this.closes = false;
    this.ending = '';
    this.reply = undefined;
    this.isAsked = false;
    this.frames.reset();
    this.handshake = this.parts.nextHandshake();
    return this.handshake.text;
  }

  ask(): Buffer {
    const { calls } = this.parts;
    const frame = calls.next();
    this.id = calls.id;
    this.isAsked = true;
    return frame;
  }

  read(bytes: Buffer, length: number): DialogueOutcome {
    if (this.handshake === undefined) {
      this.frames.feed(bytes, 0, length);
      return this.readFrames();
    }
    const headEnd = this.handshake.read(bytes, length);
    if (headEnd === UNFINISHED) return MORE;
    if (headEnd === REFUSED) {
      this.ending = this.handshake.refusal;
      return ENDED;
    }
    this.handshake = undefined;
    this.frames.feed(bytes, headEnd, length);
    const behind = this.readFrames();
    return behind === MORE ? OPENED : behind;
  }

  fault(): string | undefined {
    return this.answerFault;
  }

  private readFrames(): DialogueOutcome {
    let outcome: DialogueOutcome = MORE;
    for (;;) {
      const found = this.frames.next();
      if (found === MORE) return outcome;
      const taken = found === BROKEN ? BROKEN : this.takeFrame();
      if (taken === MORE) continue;
      // Behind an answer in the same read only a close frame has a place.
      if (outcome === COMPLETE) {
        this.closes = taken === ENDED;
        return taken === ENDED ? COMPLETE : BROKEN;
      }
      if (taken !== COMPLETE) return taken;
      outcome = COMPLETE;
    }
  }

  private takeFrame(): DialogueOutcome {
    const { opcode, bytes, start, length } = this.frames;
    switch (opcode) {
      case OPCODE.ping:
        this.pong(bytes.subarray(start, start + length));
        return MORE;
      case OPCODE.pong:
        return MORE;
      case OPCODE.close:
        this.ending = length < 2 ? 'closed' : `closed-${bytes.readUInt16BE(start)}`;
        return ENDED;
    }
    if (!this.isAsked) return UNASKED;
    if (opcode !== this.parts.format.opcode) return BROKEN;
    const fault = this.parts.answers.faultOf(bytes, start, length, this.id);
    if (fault === NO_ANSWER) return BROKEN;
    this.isAsked = false;
    this.answerFault = fault;
    return COMPLETE;
  }

  /** RFC 6455 section 5.5.3; several pings in one read are answered in one write. */
  private pong(payload: Buffer): void {
    const { bytes } = clientFrame(OPCODE.pong, payload);
    this.reply = this.reply === undefined ? bytes : Buffer.concat([this.reply, bytes]);
  }
}
