/** What a session shows of itself on every platform. */
export type { Answer } from './answer.ts';
export type {
  CallSpec,
  OperationCall,
  OperationParams,
  PathCall,
  QueryValue,
} from './call-message.ts';
export { JsonText } from './codec.ts';
export type { SessionEvent } from './event-buffer.ts';
export type { ReconnectOptions, SessionCounters, SessionLimits } from './limits.ts';
export { RECONNECT_DEFAULTS, SESSION_LIMITS } from './limits.ts';
export type { SessionChange } from './link-keeper.ts';
export type { SessionOptions } from './options.ts';
export type { CallOptions, RequestCallOptions, Session } from './session.ts';
export { SESSION_ERROR_CODES, SessionError, type SessionErrorCode } from './session-error.ts';
export type {
  OpenSocket,
  SessionSocket,
  SocketClose,
  SocketEvents,
  SocketRequest,
} from './socket.ts';
export type { SubscribeOptions, Subscription } from './subscription.ts';
