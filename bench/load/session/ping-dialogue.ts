import { BROKEN, COMPLETE, MORE } from '../answer-reader.ts';
import { type Dialogue, type DialogueOutcome, ENDED, OPENED, UNASKED } from '../dialogue.ts';
import { clientFrame, OPCODE } from './client-frames.ts';
import { type Handshake, REFUSED, UNFINISHED } from './handshake.ts';
import { ServerFrames } from './server-frames.ts';

const PAYLOAD_BYTES = 4;

/**
 * Pings on a session (RFC 6455 section 5.5.2). uWebSockets.js answers them as it reads them, before
 * any code of the gateway's runs, and nothing records them: what a round trip takes is the way to
 * the front's loop and back.
 */
export class PingDialogue implements Dialogue {
  readonly closes = false;
  ending = '';
  reply: Uint8Array | undefined;
  private readonly nextHandshake: () => Handshake;
  private readonly frames = new ServerFrames();
  private readonly payload = Buffer.alloc(PAYLOAD_BYTES);
  private handshake: Handshake | undefined;
  private isAsked = false;
  private number = 0;

  constructor(nextHandshake: () => Handshake) {
    this.nextHandshake = nextHandshake;
  }

  begin(): string {
    this.ending = '';
    this.reply = undefined;
    this.isAsked = false;
    this.frames.reset();
    this.handshake = this.nextHandshake();
    return this.handshake.text;
  }

  ask(): Uint8Array {
    this.isAsked = true;
    this.number = (this.number + 1) >>> 0;
    this.payload.writeUInt32BE(this.number);
    return clientFrame(OPCODE.ping, this.payload).bytes;
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

  fault(): undefined {
    return undefined;
  }

  /** One pong is outstanding at most, so nothing follows it but what the gateway sends unasked. */
  private readFrames(): DialogueOutcome {
    let outcome: DialogueOutcome = MORE;
    for (;;) {
      const found = this.frames.next();
      if (found === MORE) return outcome;
      const taken = found === BROKEN ? BROKEN : this.takeFrame();
      if (taken === COMPLETE) outcome = COMPLETE;
      else if (taken !== MORE) return taken;
    }
  }

  private takeFrame(): DialogueOutcome {
    const { opcode, bytes, start, length } = this.frames;
    const payload = bytes.subarray(start, start + length);
    if (opcode === OPCODE.ping) {
      this.reply = clientFrame(OPCODE.pong, payload).bytes;
      return MORE;
    }
    if (opcode === OPCODE.close) {
      this.ending = 'closed';
      return ENDED;
    }
    if (!this.isAsked) return UNASKED;
    if (opcode !== OPCODE.pong || !payload.equals(this.payload)) return BROKEN;
    this.isAsked = false;
    return COMPLETE;
  }
}
