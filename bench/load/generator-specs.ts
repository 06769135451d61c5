/** What each generator of a run is told, and the signatures that are made for it ahead. */
import { sum } from '../rig/counts.ts';
import { ORDERS_PATH, RATES_PATH, SESSIONS_PATH } from '../rig/gateway-files.ts';
import type { PresignedKey, RequestShape } from '../rig/presigned/signed-request.ts';
import { openSignedSet, type SignedSet } from '../rig/presigned/signed-set.ts';
import { Progress } from '../rig/progress.ts';
import { UPSTREAM_BODY } from '../rig/upstream.ts';
import { arrivalsOfRun, countArrivals, type RunTimes } from './arrivals.ts';
import type { GeneratorSpec, RequestsSpec } from './generator-messages.ts';
import { formatOf, type LoadOptions, type Scheme } from './load-result.ts';

/** Starting, opening connections and draining, on top of the run: signatures must last. */
const SET_UP_MAX_MS = 180_000;
/** One to open each session, and as many for those that are lost and opened again. */
const HANDSHAKES_PER_CONNECTION = 2;
const KEYS: Readonly<Record<Exclude<Scheme, 'none'>, PresignedKey>> = {
  'rfc9421-rsa': 'rsa',
  'rfc9421-es256': 'es256',
  hmac: 'hmac',
};

/** Absent is what a run does not sign. */
export interface SignedSets {
  readonly requests: SignedSet | undefined;
  readonly handshakes: SignedSet | undefined;
}

/** @throws the signal's reason where it aborts before all is signed */
export async function openSignedSets(
  options: LoadOptions,
  signal: AbortSignal | undefined,
): Promise<SignedSets> {
  const { scheme, method, bodyBytes, connections } = options;
  if (scheme === 'none') return { requests: undefined, handshakes: undefined };
  const key = KEYS[scheme];
  const open = (shape: Omit<RequestShape, 'key' | 'apps'>, count: number) =>
    openSignedSet({ ...shape, key, apps: 1 }, count, {
      validForMs: (options.warmUpSeconds + options.durationSeconds) * 1_000 + SET_UP_MAX_MS,
      progress: new Progress(),
      signal,
    });
  const requests = signsCalls(options)
    ? await open({ method, path: pathOf(options), bodyBytes }, sum(arrivalCounts(options)))
    : undefined;
  const handshakes = isSession(options)
    ? await open(
        { method: 'GET', path: SESSIONS_PATH, bodyBytes: 0 },
        HANDSHAKES_PER_CONNECTION * connections,
      )
    : undefined;
  return { requests, handshakes };
}

/** Nonces that the gateway remembers at the end of the run, at most. */
export function noncesIn(options: LoadOptions): number {
  const { rate, warmUpSeconds, durationSeconds, connections } = options;
  const calls = signsCalls(options) ? rate * (warmUpSeconds + durationSeconds) : 0;
  return calls + (isSession(options) ? HANDSHAKES_PER_CONNECTION * connections : 0);
}

/** Pings beside the load, on sessions of their own. */
export interface PingOptions {
  /** Of each generator. */
  readonly connections: number;
  /** A second, of all generators together. */
  readonly rate: number;
}

/** The same load with pings beside it, from the same processes; signs their handshakes. */
export async function withPings(
  specs: readonly GeneratorSpec[],
  options: LoadOptions,
  pings: PingOptions & { readonly signal: AbortSignal | undefined },
): Promise<GeneratorSpec[]> {
  const { scheme, warmUpSeconds, durationSeconds } = options;
  const { connections, rate, signal } = pings;
  const key = scheme === 'none' ? 'rsa' : KEYS[scheme];
  const count = HANDSHAKES_PER_CONNECTION * connections;
  // Behind those of the sessions that are the load, which may be of the same set.
  const before = isSession(options) ? HANDSHAKES_PER_CONNECTION * options.connections : 0;
  const shape = { method: 'GET', path: SESSIONS_PATH, bodyBytes: 0, key, apps: 1 };
  const set = await openSignedSet(shape, before + count * specs.length, {
    validForMs: (warmUpSeconds + durationSeconds) * 1_000 + SET_UP_MAX_MS,
    progress: new Progress(),
    signal,
  });
  return specs.map((spec, i) => ({
    ...spec,
    pings: {
      ...{ connections, rate: rate / specs.length },
      handshakes: { set, first: before + i * count, count },
    },
  }));
}

export function specsFor(options: LoadOptions, port: number, sets: SignedSets): GeneratorSpec[] {
  const { generators, connections } = options;
  const counts = arrivalCounts(options);
  return counts.map((count, stream) => {
    const first = sum(counts.slice(0, stream));
    const connectionsBefore = Math.floor((connections * stream) / generators);
    const own = Math.floor((connections * (stream + 1)) / generators) - connectionsBefore;
    return {
      host: '127.0.0.1',
      port,
      connections: own,
      connectionsBefore,
      connectionsTotal: connections,
      ...timesOf(options, stream),
      requests: requestsOf(options, sets, { first, count, connectionsBefore, own }),
      expectedBody: UPSTREAM_BODY,
    };
  });
}

export function isSession(options: LoadOptions): boolean {
  return formatOf(options) !== undefined;
}

/** Whether each call carries a signature. */
function signsCalls(options: LoadOptions): boolean {
  return isSession(options) ? options.signsMessages === true : options.scheme !== 'none';
}

/** Which of the signed requests and of the connections are one generator's. */
interface Share {
  readonly first: number;
  readonly count: number;
  readonly connectionsBefore: number;
  readonly own: number;
}

function requestsOf(options: LoadOptions, sets: SignedSets, share: Share): RequestsSpec {
  const { method, bodyBytes } = options;
  const { first, count, connectionsBefore, own } = share;
  const format = formatOf(options);
  const signed = sets.requests && { set: sets.requests, first, count };
  if (format === undefined) {
    return signed === undefined
      ? { kind: 'plain', method, path: RATES_PATH }
      : { kind: 'signed', keyed: options.keyed === true, ...signed };
  }
  return {
    ...{ kind: 'session', format, method, path: pathOf(options), bodyBytes },
    handshakes: {
      set: sets.handshakes!,
      first: HANDSHAKES_PER_CONNECTION * connectionsBefore,
      count: HANDSHAKES_PER_CONNECTION * own,
    },
    messages: signed,
  };
}

function pathOf({ method }: LoadOptions): string {
  return method === 'POST' ? ORDERS_PATH : `${ORDERS_PATH}/o-1`;
}

/** When requests are due, of one generator. */
function timesOf(options: LoadOptions, stream: number): RunTimes {
  const { rate, generators, seed, warmUpSeconds, durationSeconds } = options;
  const measuredMs = durationSeconds * 1_000;
  return { rate: rate / generators, warmUpMs: warmUpSeconds * 1_000, measuredMs, seed, stream };
}

function arrivalCounts(options: LoadOptions): number[] {
  return Array.from({ length: options.generators }, (_, stream) =>
    countArrivals(arrivalsOfRun(timesOf(options, stream))),
  );
}
