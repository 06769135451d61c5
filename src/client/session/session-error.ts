/** What went wrong between the caller and the gateway, where the gateway has said nothing. */

export const SESSION_ERROR_CODES = [
  /** No connection, or one on which no session was opened. */
  'connect-failed',
  /** Whoever holds the key did not sign. */
  'signing-failed',
  /** The connection ended while the call was in flight. */
  'session-lost',
  /** The session was closed by its owner. */
  'session-closed',
  /** `callsWaitingMax` calls wait already. */
  'too-many-waiting',
  /** The message is larger than `messageMaxBytes`. */
  'message-too-large',
  /** No answer within the deadline. */
  'deadline-exceeded',
  /** The gateway sent what docs/websocket.md does not know. */
  'protocol-error',
] as const;
export type SessionErrorCode = (typeof SESSION_ERROR_CODES)[number];

export class SessionError extends Error {
  override readonly name = 'SessionError';
  readonly code: SessionErrorCode;
  /** Whether the call was handed to a connection: ask for its state before repeating it. */
  readonly mayHaveTakenEffect: boolean;

  constructor(
    code: SessionErrorCode,
    detail: string,
    options: ErrorOptions & { readonly mayHaveTakenEffect?: boolean } = {},
  ) {
    super(`${code}: ${detail}`, options);
    this.code = code;
    this.mayHaveTakenEffect = options.mayHaveTakenEffect ?? false;
  }
}
