/** One WebSocket as a session sees it; a driver per platform. */
import type { SignatureHeaders } from '../signature-base.ts';
import type { SessionLimits } from './limits.ts';

export interface SocketClose {
  /** RFC 6455 section 7.4.1; 1006 where the connection ended without a close frame. */
  readonly code: number;
  readonly reason: string;
  /** What the platform said of it. */
  readonly cause?: unknown;
}

export interface SessionSocket {
  /** False as soon as the closing handshake has begun on either side: nothing is sent then. */
  readonly isOpen: boolean;
  /** Bytes handed to `send` that the network has not taken. */
  readonly bufferedBytes: number;
  send(data: string | Uint8Array): void;
  /** Begins the closing handshake with 1000; `closed` follows within `closeTimeoutMs`. */
  close(): void;
  /** Ends the connection now; `closed` follows. */
  cut(): void;
  /** Absent where reading cannot be paused: in a browser. */
  readonly pause?: (() => void) | undefined;
  readonly resume?: (() => void) | undefined;
  /** Absent where control frames cannot be sent: in a browser. */
  readonly ping?: (() => void) | undefined;
}

/** Either `failed`, or `opened` and at last `closed`. */
export interface SocketEvents {
  opened(socket: SessionSocket): void;
  /** @param error a ProblemError where the gateway refused the handshake with a problem */
  failed(error: Error): void;
  message(data: string | Uint8Array): void;
  /** A sign of life that is no message. */
  alive(): void;
  /** The network has taken something of what was sent. */
  drained(): void;
  closed(close: SocketClose): void;
}

export interface SocketRequest {
  /** `ws:` or `wss:`. */
  readonly url: string;
  readonly subprotocol: string;
  /** Of the handshake, good for one. */
  readonly signature: SignatureHeaders;
  readonly limits: SessionLimits;
}

/**
 * Begins a handshake. Never throws; everything that comes of it comes as an event, after the call
 * has returned. What is returned gives the handshake up without another event.
 */
export type OpenSocket = (request: SocketRequest, events: SocketEvents) => () => void;
