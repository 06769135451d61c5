/**
 * Judges what a session answers. A good answer is known byte for byte before it comes, so that the
 * comparison is all it costs; what is not byte for byte the same is decoded and judged by what it
 * says.
 */
import { type CallFormat, FIRST_ID, idOffset } from './call-format.ts';

/** Not JSON-RPC, or no answer: nothing that comes on this connection can be trusted any more. */
export const NO_ANSWER = 'malformed-answer';
const PROBLEM_CODE = /^[a-z][a-z0-9-]{0,63}$/;

interface RpcAnswer {
  readonly jsonrpc?: unknown;
  readonly id?: unknown;
  readonly result?: { readonly status?: unknown; readonly body?: unknown };
  readonly error?: {
    readonly code?: unknown;
    readonly data?: { readonly code?: unknown; readonly status?: unknown };
  };
}

export class CallAnswers {
  private readonly format: CallFormat;
  private readonly expectedBody: string;
  private readonly expected: Buffer;
  private readonly idAt: number;

  /** `expectedBody` is JSON text as JSON.stringify writes it. */
  constructor(format: CallFormat, expectedBody: string) {
    this.format = format;
    this.expectedBody = expectedBody;
    this.expected = format.encodeAnswer(FIRST_ID, expectedBody);
    this.idAt = idOffset(format, this.expected, FIRST_ID);
  }

  /** The kind of error, NO_ANSWER among them; undefined where it is the good answer to that id. */
  faultOf(bytes: Buffer, start: number, length: number, id: number): string | undefined {
    if (this.isExpected(bytes, start, length, id)) return undefined;
    const message = this.format.decode(bytes.subarray(start, start + length));
    return this.judge(message as RpcAnswer | undefined, id);
  }

  private isExpected(bytes: Buffer, start: number, length: number, id: number): boolean {
    const { expected, format, idAt } = this;
    if (length !== expected.length) return false;
    format.writeId(expected, idAt, id);
    return expected.compare(bytes, start, start + length) === 0;
  }

  private judge(message: RpcAnswer | undefined, id: number): string | undefined {
    if (typeof message !== 'object' || message === null || message.jsonrpc !== '2.0') {
      return NO_ANSWER;
    }
    const { result, error } = message;
    if ((result === undefined) === (error === undefined)) return NO_ANSWER;
    // A message that could not be read is answered with null (JSON-RPC 2.0 section 5).
    const isOurs = message.id === id || (error !== undefined && message.id === null);
    if (!isOurs) return 'wrong-id';
    if (error !== undefined) return errorKind(error);
    if (result?.status !== 200) return `status-${String(result?.status)}`;
    const isBody = this.format.bodyText(result.body) === this.expectedBody;
    return isBody ? undefined : 'wrong-answer';
  }
}

/** The problem's code, the upstream's status, or the code of JSON-RPC. */
function errorKind({ code, data }: NonNullable<RpcAnswer['error']>): string {
  if (typeof data?.code === 'string' && PROBLEM_CODE.test(data.code)) return data.code;
  if (typeof data?.status === 'number') return `status-${data.status}`;
  return `rpc-${String(code)}`;
}
