/**
 * One typical upstream answer: a status line, 8 header fields and a body of 300 bytes in one read.
 */
import {
  ResponseParser,
  type ResponseSink,
} from '../../../src/data-plane/upstream/response-parser.ts';
import type { BenchCase } from '../bench-case.ts';

const BODY_BYTES = 300;
const HEAD_MAX_BYTES = 16_384;

const ANSWER = Buffer.from(
  [
    'HTTP/1.1 200 OK',
    'Server: nginx/1.22.1',
    'Date: Mon, 23 Nov 2026 21:20:00 GMT',
    'Content-Type: application/json; charset=utf-8',
    `Content-Length: ${BODY_BYTES}`,
    'Connection: keep-alive',
    'ETag: "65f0c3a1-12c"',
    'Cache-Control: private, no-store',
    'X-Correlation-Id: 4f9c2b7e0d1a48e5b6c3',
    '',
    'x'.repeat(BODY_BYTES),
  ].join('\r\n'),
);

class CountingSink implements ResponseSink {
  answers = 0;
  fields = 0;
  bodyBytes = 0;

  onResponseHead(_status: number, headers: readonly string[]): void {
    this.fields += headers.length / 2;
  }

  onResponseBody(chunk: Uint8Array): void {
    this.bodyBytes += chunk.length;
  }

  onResponseEnd(whole: Uint8Array | undefined): void {
    this.answers++;
    this.bodyBytes += whole?.length ?? 0;
  }
}

const benchCase: BenchCase = {
  name: 'upstream-parse',
  async setup() {
    return {
      run(iterations) {
        const sink = new CountingSink();
        const parser = new ResponseParser(sink, HEAD_MAX_BYTES);
        for (let i = 0; i < iterations; i++) {
          parser.begin(false);
          if (parser.execute(ANSWER, 0, ANSWER.length) !== ANSWER.length)
            throw new Error('refused');
        }
        // content-length and connection are framing, the other six are passed on.
        const complete =
          sink.answers === iterations &&
          sink.fields === 6 * iterations &&
          sink.bodyBytes === BODY_BYTES * iterations;
        if (!complete) throw new Error('answers were lost');
        return (sink.answers + sink.fields + sink.bodyBytes) | 0;
      },
    };
  },
};

export default benchCase;
