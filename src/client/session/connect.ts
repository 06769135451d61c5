/** Sessions in Node. */
import { systemClock } from '../../core/clock.ts';
import { RequestSigner, type SigningIdentity } from '../request-signer.ts';
import type { Codec } from './codec.ts';
import { JsonCodec } from './json-codec.ts';
import type { TlsOptions } from './node-socket.ts';
import { type SessionOptions, sessionParts } from './options.ts';
import { openSession, type Session } from './session.ts';

export interface ConnectOptions extends SessionOptions, SigningIdentity {
  /** `json` where absent; with `msgpack` every answer also has the upstream's bytes. */
  readonly subprotocol?: 'json' | 'msgpack';
  readonly tls?: TlsOptions;
}

/** Loaded when they are wanted: who only sends HTTP pays for neither. */
async function loadCodec(subprotocol: ConnectOptions['subprotocol']): Promise<Codec> {
  if (subprotocol !== 'msgpack') return new JsonCodec();
  const { MsgpackCodec } = await import('./msgpack-codec.ts');
  return new MsgpackCodec();
}

/**
 * Opens a session for one app of one partner: one try. Later connections are opened by the session
 * itself, each with a handshake that is signed anew.
 * @throws ProblemError where the gateway refuses the handshake
 * @throws SessionError where there is no connection
 * @throws TypeError where the key does not fit the algorithm, or the URL is none
 */
export async function connect(options: ConnectOptions): Promise<Session> {
  const signer = new RequestSigner(options, options.clock ?? systemClock);
  const codec = await loadCodec(options.subprotocol);
  const { nodeSockets } = await import('./node-socket.ts');
  const parts = sessionParts(options, { codec, signer, openSocket: nodeSockets(options.tls) });
  return openSession(parts, options.signal);
}
