/** The gateway's answers as values and typed errors. */
import { PROBLEMS, type ProblemName } from '../../core/problems.ts';
import { ProblemError, problemOf } from '../problem-error.ts';
import { type Codec, isRecord, type RpcError, type ShownBody } from './codec.ts';
import { SessionError } from './session-error.ts';
import type { SocketClose } from './socket.ts';

/** The answer of a call that succeeded. */
export interface Answer<T = unknown> extends ShownBody {
  /** 200 to 399. */
  readonly status: number;
  /** Names in lower case; `content-type` is absent for `application/json`. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: T;
}

/** @throws SessionError where the result is none of a call */
export function readAnswer(codec: Codec, result: unknown): Answer {
  if (!isRecord(result) || typeof result.status !== 'number') {
    throw new SessionError('protocol-error', 'An answer has no status.', {
      mayHaveTakenEffect: true,
    });
  }
  const { status, headers } = result;
  return {
    status,
    headers: isRecord(headers) ? (headers as Record<string, string>) : {},
    ...codec.readBody(result),
  };
}

/** A refusal of the gateway, or an answer of the upstream with a status of 400 or more. */
export function readRefusal(codec: Codec, error: RpcError): ProblemError {
  const data = isRecord(error.data) ? error.data : {};
  const document = problemOf(data);
  const { retryAfterSeconds } = data;
  const status = typeof data.status === 'number' ? data.status : 0;
  const isDocument = document?.code !== undefined || document?.type !== undefined;
  return new ProblemError({
    code: document?.code ?? (status > 0 ? `http-${status}` : `rpc${error.code}`),
    status,
    title: document?.title ?? error.message,
    detail: document?.detail,
    requestId: document?.requestId,
    retryAfterSeconds: typeof retryAfterSeconds === 'number' ? retryAfterSeconds : undefined,
    body: isDocument ? data : codec.readBody(data).body,
  });
}

function problemNamed(code: unknown): ProblemName | undefined {
  return typeof code === 'string' && Object.hasOwn(PROBLEMS, code)
    ? (code as ProblemName)
    : undefined;
}

/** Where the gateway closes for a problem it says no more than its name. */
const CLOSED_FOR = 1008;

/** Why a connection was closed: the problem that the reason names, or the loss. */
export function closeError(close: SocketClose): Error {
  const name = problemNamed(close.reason);
  if (close.code === CLOSED_FOR && name !== undefined) {
    const { status, title, retryAfterSeconds } = PROBLEMS[name];
    return new ProblemError({ code: name, status, title, retryAfterSeconds });
  }
  return lostError(close, false);
}

/** What a call hears that was in flight on a connection that ended. */
export function lostError(close: SocketClose, mayHaveTakenEffect: boolean): SessionError {
  const reason = close.reason === '' ? '' : ` (${close.reason})`;
  const effect = mayHaveTakenEffect ? '; the call may have taken effect' : '';
  return new SessionError(
    'session-lost',
    `The connection ended with ${close.code}${reason}${effect}.`,
    { mayHaveTakenEffect, cause: close.cause },
  );
}

/** Whether the same may succeed later by itself. */
export function isTransient(error: unknown): boolean {
  if (!(error instanceof ProblemError)) return false;
  const name = problemNamed(error.code);
  return name !== undefined && PROBLEMS[name].retry;
}
