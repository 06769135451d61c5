/**
 * The contract between the front, which owns the sockets, and the sessions room, which owns what is
 * said on them.
 */
import type { Exchange, Transport } from './exchange.ts';

/** Subprotocols (RFC 6455 section 1.9) in no order: the client's order decides. */
export const SUBPROTOCOLS = ['xingyun.v1+json', 'xingyun.v1+msgpack'] as const;
export type Subprotocol = (typeof SUBPROTOCOLS)[number];

/** Close codes of RFC 6455 section 7.4.1 that we send. */
export const CLOSE = {
  goingAway: 1001,
  unsupportedData: 1003,
  policyViolation: 1008,
  messageTooBig: 1009,
  internalError: 1011,
  tryAgainLater: 1013,
} as const;

/** An open WebSocket; uWebSockets.js gives one. Not to be touched after `onClose`. */
export interface MessageSocket {
  /** Copies what the kernel does not take. 2: dropped, because too much is waiting already. */
  send(message: Uint8Array, isBinary: boolean, compress: boolean): number;
  /** Sends what waits, then a close frame. Calls `onClose` before it returns. */
  end(code: number, reason: string): void;
  /** Cuts the connection. Calls `onClose` before it returns. */
  close(): void;
  /** Bytes that wait for the peer to read. */
  getBufferedAmount(): number;
}

/** What happens on a socket; called with nothing else of this thread running. */
export interface SocketListener {
  onOpen(socket: MessageSocket): void;
  /** `bytes` are valid until this returns. */
  onMessage(bytes: ArrayBuffer, isBinary: boolean): void;
  /** `onMessage` threw, which is a bug of ours: the session cannot go on. */
  onBroken(): void;
  /** The peer has read something of what waited. */
  onDrain(): void;
  onClose(code: number): void;
}

/** The front's side of a handshake that is on its way through the pipeline. */
export interface HandshakeTransport extends Transport {
  /** Answers 101 and hands the socket over. Only for an exchange that is not aborted. */
  upgrade(exchange: Exchange, subprotocol: Subprotocol, listener: SocketListener): void;
}

/** What is counted for each app that has sessions, in the order of `APP_FIGURES`. */
export const APP_FIGURES = [
  'sessions',
  'messages',
  'messages_refused',
  'messages_rate_limited',
  'events_sent',
  'events_deferred',
] as const;
export type AppFigure = (typeof APP_FIGURES)[number];

export interface AppMeter {
  add(figure: AppFigure, amount: number): void;
}

/** Where the figures of an app are kept; one place for all that are too many. */
export interface AppMeters {
  meter(appId: string): AppMeter;
}
