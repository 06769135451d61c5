/** What a caller may say of a session, on every platform. */
import { type Clock, systemClock } from '../../core/clock.ts';
import type { MessageSigner } from '../signature-base.ts';
import type { Codec } from './codec.ts';
import {
  RECONNECT_DEFAULTS,
  type ReconnectOptions,
  SESSION_LIMITS,
  type SessionLimits,
} from './limits.ts';
import type { SessionChange } from './link-keeper.ts';
import type { SessionParts } from './session-engine.ts';
import type { OpenSocket } from './socket.ts';

export interface SessionOptions {
  /** Scheme and authority as the gateway knows itself, with an optional path prefix. */
  readonly baseUrl: string;
  /** The gateway's `webSocket.path`; `/ws` where absent. */
  readonly path?: string;
  readonly limits?: Partial<SessionLimits>;
  readonly reconnect?: Partial<ReconnectOptions>;
  /** Hears of lost and new connections. */
  readonly onChange?: (change: SessionChange) => void;
  /** Gives the first connection up. */
  readonly signal?: AbortSignal;
  readonly clock?: Clock;
  /** Uniform in [0, 1), for the jitter of the backoff. */
  readonly random?: () => number;
  /** Opens connections in another way than the platform's. */
  readonly openSocket?: OpenSocket;
}

/** @throws TypeError where the base URL is none */
export function sessionParts(
  options: SessionOptions,
  platform: {
    readonly codec: Codec;
    readonly signer: MessageSigner;
    readonly openSocket: OpenSocket;
  },
): SessionParts {
  return {
    base: new URL(options.baseUrl),
    path: options.path ?? '/ws',
    codec: platform.codec,
    signer: platform.signer,
    openSocket: options.openSocket ?? platform.openSocket,
    limits: { ...SESSION_LIMITS, ...options.limits },
    reconnect: { ...RECONNECT_DEFAULTS, ...options.reconnect },
    clock: options.clock ?? systemClock,
    random: options.random ?? Math.random,
    onChange: options.onChange,
  };
}
