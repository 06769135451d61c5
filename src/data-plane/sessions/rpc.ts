/** JSON-RPC 2.0 as sessions speak it: https://www.jsonrpc.org/specification */
import type { ProblemName } from '../../core/problems.ts';

export type RpcId = string | number;

/** Section 5.1, and two of the range that it leaves to servers. */
export const RPC_ERROR = {
  parse: -32_700,
  invalidRequest: -32_600,
  methodNotFound: -32_601,
  invalidParams: -32_602,
  refused: -32_000,
  upstream: -32_001,
} as const;
export type RpcErrorCode = (typeof RPC_ERROR)[keyof typeof RPC_ERROR];

export const ID_MAX_CHARS = 64;
const METHOD_MAX_CHARS = 260;

/** A message as it was decoded, with access to the exact bytes of the body in it. */
export interface DecodedMessage {
  /** Whatever the sender wrote: nothing about it is known. */
  readonly value: unknown;
  /**
   * The bytes that `params.body` stands for, to be sent on; the sender has written one. Undefined
   * where it is no JSON value.
   */
  body(): Uint8Array | undefined;
}

/** A message that is JSON-RPC; its params are an object but otherwise unknown. */
export interface RpcMessage {
  /** Undefined for a notification. */
  readonly id: RpcId | undefined;
  readonly method: string;
  readonly params: Readonly<Record<string, unknown>>;
}

/**
 * Why a message is none. `id` is null where none could be read (section 5), undefined for a
 * notification, which is not answered whatever is wrong with its params (section 4.1).
 */
export interface RpcFault {
  readonly id: RpcId | null | undefined;
  readonly code: RpcErrorCode;
  readonly problem: ProblemName;
  readonly detail: string;
}

const NO_PARAMS: Readonly<Record<string, unknown>> = {};

export function isFault(read: RpcMessage | RpcFault): read is RpcFault {
  return 'detail' in read;
}

export function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Reads what a request object must have (section 4). */
export function readMessage(value: unknown): RpcMessage | RpcFault {
  if (!isPlainObject(value)) return invalid(null, 'A message is an object.');
  const id = Object.hasOwn(value, 'id') ? value.id : undefined;
  if (id !== undefined && !isId(id)) {
    return invalid(null, `"id" is a string of at most ${ID_MAX_CHARS} characters or an integer.`);
  }
  const known = id ?? null;
  if (value.jsonrpc !== '2.0') return invalid(known, '"jsonrpc" is exactly "2.0".');
  const { method } = value;
  if (typeof method !== 'string' || method === '' || method.length > METHOD_MAX_CHARS) {
    return invalid(known, '"method" is the name of a method or an operation.');
  }
  const params = Object.hasOwn(value, 'params') ? value.params : NO_PARAMS;
  if (!isPlainObject(params)) {
    const detail = '"params" is an object with named members.';
    return { id, code: RPC_ERROR.invalidParams, problem: 'malformed-request', detail };
  }
  return { id, method, params };
}

function isId(id: unknown): id is RpcId {
  if (typeof id === 'string') return id.length <= ID_MAX_CHARS;
  return Number.isSafeInteger(id);
}

function invalid(id: RpcId | null, detail: string): RpcFault {
  return { id, code: RPC_ERROR.invalidRequest, problem: 'malformed-request', detail };
}
