/** Runs the response parser over bytes and writes down what it said. */
import {
  ResponseParser,
  type ResponseSink,
} from '../../../src/data-plane/upstream/response-parser.ts';

export const HEAD_MAX_BYTES = 4_096;

export interface ParsedAnswer {
  status: number;
  headers: readonly string[];
  contentLength: number | undefined;
  hasBody: boolean;
  /** latin1 */
  body: string;
  ended: boolean;
  reusable: boolean;
  /** Events in order, body pieces merged. */
  events: string[];
}

export interface ParseResult extends ParsedAnswer {
  error: string;
  /** Bytes used of the input; -1 after an error. */
  used: number;
}

class Recorder implements ResponseSink {
  readonly answer: ParsedAnswer = {
    status: 0,
    headers: [],
    contentLength: undefined,
    hasBody: false,
    body: '',
    ended: false,
    reusable: false,
    events: [],
  };

  onResponseHead(
    status: number,
    headers: readonly string[],
    contentLength: number | undefined,
    hasBody: boolean,
  ): void {
    Object.assign(this.answer, { status, headers, contentLength, hasBody });
    this.answer.events.push('head');
  }

  onResponseBody(chunk: Uint8Array): void {
    if (chunk.length === 0) throw new Error('an empty chunk was passed on');
    this.answer.body += Buffer.from(chunk).toString('latin1');
  }

  onResponseEnd(whole: Uint8Array | undefined): void {
    if (whole !== undefined) {
      if (this.answer.body !== '') throw new Error('a whole body came after a part of it');
      this.onResponseBody(whole);
    }
    this.answer.ended = true;
    this.answer.events.push('end');
  }
}

/**
 * Parses one answer. `cuts` are the positions at which reads end; each read has a buffer of its own
 * with alien bytes behind it, as a shared read buffer has. `eof` closes the peer's side at the end.
 */
export function parseAnswer(
  wire: string | Buffer,
  options: { head?: boolean; cuts?: readonly number[]; eof?: boolean } = {},
): ParseResult {
  const bytes = typeof wire === 'string' ? Buffer.from(wire, 'latin1') : wire;
  const recorder = new Recorder();
  const parser = new ResponseParser(recorder, HEAD_MAX_BYTES);
  parser.begin(options.head ?? false);
  const ends = [...(options.cuts ?? []), bytes.length];
  let start = 0;
  let used = 0;
  let error = '';
  for (const end of ends) {
    if (end <= start) continue;
    const read = Buffer.concat([
      Buffer.from('\r\n\r\n:'),
      bytes.subarray(start, end),
      Buffer.from('\r\n\r\n'),
    ]);
    const at = parser.execute(read, 5, 5 + end - start);
    if (at === -1) {
      error = parser.error;
      used = -1;
      break;
    }
    used = start + at - 5;
    if (parser.done) break;
    start = end;
  }
  if (error === '' && !parser.done && options.eof === true && !parser.finish()) {
    error = 'closed';
    used = -1;
  }
  if (parser.done) recorder.answer.reusable = parser.reusable;
  return { ...recorder.answer, error, used };
}

/** One cut at each place, and all bytes one by one. */
export function everySplit(length: number): number[][] {
  const splits: number[][] = [];
  for (let i = 1; i < length; i++) splits.push([i]);
  splits.push(Array.from({ length: length - 1 }, (_, i) => i + 1));
  return splits;
}

export function lines(...parts: string[]): string {
  return parts.join('\r\n');
}
