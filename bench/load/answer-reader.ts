/**
 * Reads one answer at a time from a connection, strictly: what an instrument lets pass it cannot
 * report. The body is counted, and kept only where it is looked at: of an error, whose problem code
 * is wanted, and of the first answer of each connection, which is compared byte by byte.
 */
import { ChunkedBody } from './chunked-body.ts';

export const MORE = 0;
export const COMPLETE = 1;
/** Not an answer by RFC 9112, or bytes behind it that nobody asked for. */
export const BROKEN = 2;
export type ReadOutcome = typeof MORE | typeof COMPLETE | typeof BROKEN;

const HEAD_MAX_CHARS = 65_536;
const KEPT_BODY_MAX_CHARS = 65_536;
const STATUS_LINE = /^HTTP\/1\.1 ([1-5]\d\d) [^\r\n]*\r\n/;
const CONTENT_LENGTH = /\r\ncontent-length:([^\r]*)/gi;
const LENGTH = /^[ \t]*\d{1,15}[ \t]*$/;
const TRANSFER_ENCODING = /\r\ntransfer-encoding:[ \t]*([^\r]*)\r\n/i;
const CONNECTION_CLOSE = /\r\nconnection:[^\r]*\bclose\b/i;
const FIELD_LINES = /^(?:[!#$%&'*+.^_`|~0-9A-Za-z-]+:[^\r\n]*\r\n)*\r\n$/;

export class AnswerReader {
  /** Of the answer that is complete. */
  status = 0;
  /** Whether the server closes the connection behind the answer. */
  closes = false;
  /** Whether the body of the next good answer is kept, to be compared; of others its length is. */
  comparesBody = true;
  private head = '';
  private inBody = false;
  private left = 0;
  private chunked: ChunkedBody | undefined;
  private bodyBytes = 0;
  private body = '';

  /** Forgets the answer that is complete and waits for the next. */
  reset(): void {
    this.head = '';
    this.inBody = false;
    this.chunked = undefined;
    this.bodyBytes = 0;
    this.body = '';
  }

  /** Takes the first `length` bytes. */
  read(bytes: Buffer, length: number): ReadOutcome {
    if (this.inBody) return this.readBody(bytes, 0, length);
    const before = this.head.length;
    this.head += bytes.toString('latin1', 0, length);
    const end = this.head.indexOf('\r\n\r\n', Math.max(before - 3, 0));
    if (end < 0) return this.head.length > HEAD_MAX_CHARS ? BROKEN : MORE;
    const bodyStart = end + 4;
    if (!this.readHead(this.head.slice(0, bodyStart))) return BROKEN;
    if (this.status < 200) return this.skipInterim(bytes, bodyStart - before, length);
    this.inBody = true;
    return this.readBody(bytes, bodyStart - before, length);
  }

  /** What is wrong with the answer; undefined for 200 and this body, which is latin1. */
  faultOf(expectedBody: string): string | undefined {
    if (this.status !== 200) return this.errorKind();
    const { chunked } = this;
    const length = chunked === undefined ? this.bodyBytes : chunked.dataBytes;
    if (length !== expectedBody.length) return 'wrong-answer';
    if (this.comparesBody && this.keptBody !== expectedBody) return 'wrong-answer';
    return undefined;
  }

  /** The problem's code (RFC 9457 with the gateway's `code`), or `status-NNN`. */
  errorKind(): string {
    try {
      const { code } = JSON.parse(this.keptBody);
      if (typeof code === 'string' && /^[a-z][a-z0-9-]{0,63}$/.test(code)) return code;
    } catch {
      // Not a problem of the gateway's: the status has to do.
    }
    return `status-${this.status}`;
  }

  private get keptBody(): string {
    return this.chunked?.data ?? this.body;
  }

  /** An interim answer (RFC 9110 section 15.2) has no body; the real one may follow at once. */
  private skipInterim(bytes: Buffer, start: number, length: number): ReadOutcome {
    this.head = '';
    return start === length ? MORE : this.read(bytes.subarray(start, length), length - start);
  }

  /** False where the head is not one. */
  private readHead(head: string): boolean {
    const statusLine = STATUS_LINE.exec(head);
    if (statusLine === null || !FIELD_LINES.test(head.slice(statusLine[0].length))) return false;
    this.status = Number(statusLine[1]);
    this.closes = CONNECTION_CLOSE.test(head);
    const lengths = [...head.matchAll(CONTENT_LENGTH)];
    const encoding = TRANSFER_ENCODING.exec(head)?.[1];
    if (encoding !== undefined) {
      this.chunked = new ChunkedBody(this.keptMax);
      return lengths.length === 0 && encoding.trim().toLowerCase() === 'chunked';
    }
    const bodiless = this.status < 200 || this.status === 204 || this.status === 304;
    this.left = bodiless ? 0 : Number(lengths[0]?.[1]);
    // A body that only the end of the connection ends is not counted as an answer.
    if (lengths.length === 0) return bodiless;
    return lengths.length === 1 && LENGTH.test(lengths[0]![1]!);
  }

  private get keptMax(): number {
    return this.comparesBody || this.status !== 200 ? KEPT_BODY_MAX_CHARS : 0;
  }

  private readBody(bytes: Buffer, start: number, length: number): ReadOutcome {
    if (this.chunked !== undefined) {
      const end = this.chunked.read(bytes, start, length);
      return end === -1 ? MORE : end === length ? COMPLETE : BROKEN;
    }
    this.bodyBytes += length - start;
    if (this.body.length < this.keptMax) this.body += bytes.toString('latin1', start, length);
    this.left -= length - start;
    return this.left > 0 ? MORE : this.left === 0 ? COMPLETE : BROKEN;
  }
}
