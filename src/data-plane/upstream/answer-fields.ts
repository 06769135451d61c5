/**
 * Turns the scanned field lines of an answer's head into what is passed on and what frames the body
 * (RFC 9112 section 6). A Content-Length that is repeated, malformed or beside a Transfer-Encoding,
 * and a coding other than `chunked`, are errors: each is a way to make two parsers cut differently.
 */
import {
  FIELD_CONNECTION,
  FIELD_CONTENT_LENGTH,
  FIELD_DROPPED,
  FIELD_KEEP_ALIVE,
  FIELD_PLAIN,
} from './field-names.ts';
import type { HeadScanner } from './head-scanner.ts';

/** Stay below 2^53. */
const CONTENT_LENGTH_MAX_DIGITS = 15;
const KEEP_ALIVE_TIMEOUT = /(?:^|[,\s])timeout=(\d{1,7})(?:$|[,\s])/i;

/** Digits only (RFC 9110 section 8.6), or -1. A pattern and Number() take twice as long. */
function parseLength(value: string): number {
  const digits = value.length;
  if (digits === 0 || digits > CONTENT_LENGTH_MAX_DIGITS) return -1;
  let length = 0;
  for (let i = 0; i < digits; i++) {
    const digit = value.charCodeAt(i) - 48;
    if (digit < 0 || digit > 9) return -1;
    length = length * 10 + digit;
  }
  return length;
}

export class AnswerFields {
  /** Flat name, value pairs that are passed on. */
  headers: string[] = [];
  contentLength: number | undefined = undefined;
  chunked = false;
  /** `Connection: close`. */
  close = false;
  /** How long the peer says it keeps the connection (`Keep-Alive: timeout`), in milliseconds. */
  keepAliveHintMs = Number.POSITIVE_INFINITY;
  private transferEncoding = false;
  private connectionNamed: string[] | undefined = undefined;
  /** Peers repeat one Keep-Alive value for ever: it is parsed when it changes. */
  private lastKeepAlive = '';
  private lastKeepAliveMs = Number.POSITIVE_INFINITY;

  /** Reads the fields of a complete head; returns what is wrong with them, or ''. */
  read(scanner: HeadScanner, head: string): string {
    const { count, names, values } = scanner;
    const headers: string[] = [];
    this.headers = headers;
    this.contentLength = undefined;
    this.chunked = false;
    this.close = false;
    this.keepAliveHintMs = Number.POSITIVE_INFINITY;
    this.transferEncoding = false;
    this.connectionNamed = undefined;
    for (let i = 0; i < count; i++) {
      const { name, role } = names[i]!;
      if (role === FIELD_DROPPED) continue;
      const value = head.slice(values[2 * i]!, values[2 * i + 1]!);
      if (role === FIELD_PLAIN) {
        headers.push(name, value);
      } else {
        const error = this.readFraming(role, value);
        if (error !== '') return error;
      }
    }
    if (this.transferEncoding && this.contentLength !== undefined) {
      return 'both Content-Length and Transfer-Encoding';
    }
    // RFC 9112 section 6.1: the framing of such a message is faulty.
    if (this.transferEncoding && scanner.minorVersion === 0) {
      return 'Transfer-Encoding in an HTTP/1.0 answer';
    }
    if (this.connectionNamed !== undefined) this.dropNamed(this.connectionNamed);
    return '';
  }

  private readFraming(role: number, value: string): string {
    if (role === FIELD_CONTENT_LENGTH) {
      if (this.contentLength !== undefined) return 'repeated Content-Length';
      const length = parseLength(value);
      if (length === -1) return 'malformed Content-Length';
      this.contentLength = length;
      return '';
    }
    if (role === FIELD_CONNECTION) {
      this.readConnection(value);
      return '';
    }
    if (role === FIELD_KEEP_ALIVE) {
      this.readKeepAlive(value);
      return '';
    }
    if (this.transferEncoding) return 'repeated Transfer-Encoding';
    this.transferEncoding = true;
    this.chunked = value.toLowerCase() === 'chunked';
    return this.chunked ? '' : 'transfer coding other than chunked';
  }

  private readConnection(value: string): void {
    // What nearly every answer says; taking it apart would be a tenth of the parser's cost.
    if (value === 'keep-alive') return;
    for (const part of value.toLowerCase().split(',')) {
      const option = part.trim();
      if (option === 'close') this.close = true;
      else if (option !== '' && option !== 'keep-alive') {
        this.connectionNamed ??= [];
        this.connectionNamed.push(option);
      }
    }
  }

  private readKeepAlive(value: string): void {
    if (value !== this.lastKeepAlive) {
      const match = KEEP_ALIVE_TIMEOUT.exec(value);
      this.lastKeepAlive = value;
      this.lastKeepAliveMs = match === null ? Number.POSITIVE_INFINITY : Number(match[1]) * 1_000;
    }
    this.keepAliveHintMs = this.lastKeepAliveMs;
  }

  /** RFC 9110 section 7.6.1: a field that Connection names is for this hop only. */
  private dropNamed(named: readonly string[]): void {
    const { headers } = this;
    let kept = 0;
    for (let i = 0; i < headers.length; i += 2) {
      if (named.includes(headers[i]!)) continue;
      headers[kept++] = headers[i]!;
      headers[kept++] = headers[i + 1]!;
    }
    headers.length = kept;
  }
}
