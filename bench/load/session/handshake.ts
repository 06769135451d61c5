/** The opening of a session (RFC 6455 section 4): one signed GET, and what must come back. */
import { createHash, randomBytes } from 'node:crypto';
import type { Subprotocol } from '../../../src/core/sessions.ts';
import type { SignedRequests } from '../../rig/presigned/request-source.ts';
import { AnswerReader, COMPLETE, MORE } from '../answer-reader.ts';

/** Section 1.3. */
const ACCEPT_GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const KEY_BYTES = 16;
const HEAD_MAX_CHARS = 16_384;
const HEAD_END = '\r\n\r\n';
const SWITCHING = 'HTTP/1.1 101 ';

/** `read`: more is to come; it was refused, and `refusal` says how. */
export const UNFINISHED = -1;
export const REFUSED = -2;

export class Handshake {
  /** What is sent, latin1. */
  readonly text: string;
  refusal = '';
  private readonly accept: string;
  private readonly subprotocol: Subprotocol;
  private head = '';
  private refused: AnswerReader | undefined;

  /** Takes the next of the signed GETs. */
  constructor(requests: SignedRequests, subprotocol: Subprotocol) {
    const key = randomBytes(KEY_BYTES).toString('base64');
    this.accept = createHash('sha1').update(`${key}${ACCEPT_GUID}`).digest('base64');
    this.subprotocol = subprotocol;
    this.text = requests.next(
      'upgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-version: 13\r\n' +
        `sec-websocket-key: ${key}\r\nsec-websocket-protocol: ${subprotocol}\r\n`,
    );
  }

  /** Takes the first `length` bytes. Returns how many of them are the head's, once it ends. */
  read(bytes: Buffer, length: number): number {
    if (this.refused !== undefined) return this.readRefusal(bytes, length);
    const before = this.head.length;
    this.head += bytes.toString('latin1', 0, length);
    const end = this.head.indexOf(HEAD_END, Math.max(before - HEAD_END.length, 0));
    if (end < 0) {
      return this.head.length > HEAD_MAX_CHARS ? this.refuse('an endless head') : UNFINISHED;
    }
    if (!this.head.startsWith(SWITCHING)) {
      this.refused = new AnswerReader();
      const all = Buffer.from(this.head, 'latin1');
      return this.readRefusal(all, all.length);
    }
    const headEnd = end + HEAD_END.length;
    const wrong = this.wrongIn(this.head.slice(0, headEnd));
    return wrong === undefined ? headEnd - before : this.refuse(wrong);
  }

  private readRefusal(bytes: Buffer, length: number): number {
    const reader = this.refused!;
    const outcome = reader.read(bytes, length);
    if (outcome === MORE) return UNFINISHED;
    return this.refuse(outcome === COMPLETE ? reader.errorKind() : 'something that is no answer');
  }

  private refuse(how: string): typeof REFUSED {
    this.refusal = `the handshake was answered with ${how}`;
    return REFUSED;
  }

  /** Section 4.1, the client's checks. */
  private wrongIn(head: string): string | undefined {
    const lines = head.split('\r\n').slice(1, -2);
    const fields = new Map(
      lines.map(line => {
        const colon = line.indexOf(':');
        return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
      }),
    );
    if (fields.get('upgrade')?.toLowerCase() !== 'websocket') return 'no upgrade to websocket';
    if (fields.get('connection')?.toLowerCase() !== 'upgrade') return 'no connection upgrade';
    if (fields.get('sec-websocket-accept') !== this.accept) return 'another accept key';
    if (fields.get('sec-websocket-protocol') !== this.subprotocol) return 'another subprotocol';
    return fields.has('sec-websocket-extensions') ? 'an extension nobody offered' : undefined;
  }
}
