/** What is compared: the same operation, asked for over HTTP and over sessions. */
import type { LoadOptions, Transport } from '../load/load-result.ts';

export interface SessionCase {
  readonly name: string;
  readonly transport: Transport;
  readonly method: 'GET' | 'POST';
  /** Who signs what: each request or message with RSA-2048, nothing but the handshake, nobody. */
  readonly signed: 'calls' | 'handshake' | 'nothing';
  /** Calls a second that are asked for: more than one core carries. */
  readonly rate: number;
}

export interface SessionRatio {
  readonly of: string;
  readonly to: string;
}

export const BODY_BYTES = 600;
/** As bench:compare has where something is checked. */
export const CONNECTIONS = 128;

const SIGNED_RATE = 16_000;
const UNSIGNED_RATE = 50_000;

export const SESSION_CASES: readonly SessionCase[] = [
  calls('http-signed-get', 'http', 'GET', 'calls'),
  calls('http-signed-post', 'http', 'POST', 'calls'),
  calls('http-plain-get', 'http', 'GET', 'nothing'),
  calls('ws-json-get', 'ws-json', 'GET', 'handshake'),
  calls('ws-json-post', 'ws-json', 'POST', 'handshake'),
  calls('ws-msgpack-get', 'ws-msgpack', 'GET', 'handshake'),
  calls('ws-msgpack-post', 'ws-msgpack', 'POST', 'handshake'),
  calls('ws-signed-post', 'ws-json', 'POST', 'calls'),
];

/** CPU of the whole gateway, one call by the other. */
export const SESSION_RATIOS: readonly SessionRatio[] = [
  { of: 'ws-json-get', to: 'http-signed-get' },
  { of: 'ws-msgpack-get', to: 'http-signed-get' },
  { of: 'ws-json-post', to: 'http-signed-post' },
  { of: 'ws-msgpack-post', to: 'http-signed-post' },
  { of: 'ws-signed-post', to: 'http-signed-post' },
  { of: 'ws-json-get', to: 'http-plain-get' },
];

export interface CaseRun {
  readonly seconds: number;
  readonly warmUpSeconds: number;
  readonly connections: number;
  readonly seed: number;
  readonly pipelined: boolean;
  /** Instead of the case's own; undefined for that. */
  readonly rate: number | undefined;
}

export function loadOf(sessionCase: SessionCase, run: CaseRun): LoadOptions {
  const { transport, method, signed } = sessionCase;
  return {
    connections: run.connections,
    rate: run.rate ?? sessionCase.rate,
    durationSeconds: run.seconds,
    warmUpSeconds: run.warmUpSeconds,
    transport,
    scheme: signed === 'nothing' ? 'none' : 'rfc9421-rsa',
    signsMessages: transport !== 'http' && signed === 'calls',
    method,
    bodyBytes: method === 'POST' ? BODY_BYTES : 0,
    ...{ seed: run.seed, generators: 1, fronts: 1, workers: 1 },
    ...{ accessLog: false, pipelined: run.pipelined },
  };
}

function calls(
  name: string,
  transport: Transport,
  method: SessionCase['method'],
  signed: SessionCase['signed'],
): SessionCase {
  const rate = signed === 'calls' ? SIGNED_RATE : UNSIGNED_RATE;
  return { name, transport, method, signed, rate };
}
