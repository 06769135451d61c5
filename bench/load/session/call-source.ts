/** Where a generator takes the next call of its sessions from: a masked frame, with its id. */
import type { SignedRequests } from '../../rig/presigned/request-source.ts';
import { type CallFormat, type CallParams, FIRST_ID, idOffset } from './call-format.ts';
import { type ClientFrame, clientFrame, toggleMask } from './client-frames.ts';

export interface CallSource {
  /** Of the call that `next` returned last. */
  readonly id: number;
  next(): Buffer;
}

/** Built ahead, each with a mask of its own; one after the other is sent with its id put in. */
const FRAMES_AHEAD = 64;
/** Large ones are fewer: all of them together take this much at most. */
const BYTES_AHEAD_MAX = 16_777_216;

/** The same unsigned call again and again; nothing but the id is made when it is sent. */
export class PreparedCalls implements CallSource {
  id = FIRST_ID;
  private readonly format: CallFormat;
  private readonly frames: readonly ClientFrame[];
  private readonly idAt: number;

  constructor(format: CallFormat, params: CallParams) {
    this.format = format;
    const message = format.encodeCall(FIRST_ID, params);
    this.idAt = idOffset(format, message, FIRST_ID);
    const count = Math.min(Math.ceil(BYTES_AHEAD_MAX / message.length), FRAMES_AHEAD);
    this.frames = Array.from({ length: count }, () => clientFrame(format.opcode, message));
  }

  next(): Buffer {
    this.id += 1;
    const { format, frames, idAt, id } = this;
    const { bytes: ahead, payloadAt } = frames[id % frames.length]!;
    // A copy, because a socket may keep what the kernel does not take at once.
    const bytes = Buffer.from(ahead);
    format.writeId(bytes, payloadAt + idAt, id);
    toggleMask({ bytes, payloadAt }, idAt, format.idBytes);
    return bytes;
  }
}

/** Calls with a signature of their own, made ahead; the message is made when it is sent. */
export class SignedCalls implements CallSource {
  id = FIRST_ID;
  private readonly format: CallFormat;
  private readonly params: CallParams;
  private readonly requests: SignedRequests;

  /** `requests` have signed this method, path and body. */
  constructor(format: CallFormat, params: CallParams, requests: SignedRequests) {
    this.format = format;
    this.params = params;
    this.requests = requests;
  }

  /** @throws Error where all signatures have been sent */
  next(): Buffer {
    this.id += 1;
    const { method, path, body } = this.params;
    const headers = this.requests.nextFields();
    const params = { method, path, headers, ...(body === undefined ? {} : { body }) };
    return clientFrame(this.format.opcode, this.format.encodeCall(this.id, params)).bytes;
  }
}
