/** What a generator's process and the benchmark tell each other over IPC (structured clones). */
import type { SignedSet } from '../rig/presigned/signed-set.ts';
import type { RunTimes } from './arrivals.ts';
import type { TallyCounts } from './run-tally.ts';
import type { LoadSamples } from './samples.ts';
import type { FormatName } from './session/call-format.ts';

/** Requests that one generator sends; every generator of a run has its own. */
export interface SignedShare {
  readonly set: SignedSet;
  readonly first: number;
  readonly count: number;
}

export type RequestsSpec =
  | ({ readonly kind: 'signed'; readonly keyed?: boolean } & SignedShare)
  | { readonly kind: 'plain'; readonly method: string; readonly path: string }
  | {
      readonly kind: 'session';
      readonly format: FormatName;
      readonly handshakes: SignedShare;
      readonly method: string;
      readonly path: string;
      readonly bodyBytes: number;
      /** Signatures of the calls, of the same method, path and body; undefined for none. */
      readonly messages: SignedShare | undefined;
    };

/** Pings beside the load, from the same thread, on sessions of their own. */
export interface PingSpec {
  readonly connections: number;
  /** A second. */
  readonly rate: number;
  readonly handshakes: SignedShare;
}

export interface GeneratorSpec extends RunTimes {
  readonly host: string;
  readonly port: number;
  readonly connections: number;
  /** Connections of the generators before this one: decides the source address. */
  readonly connectionsBefore: number;
  /** Connections of all generators. */
  readonly connectionsTotal: number;
  readonly requests: RequestsSpec;
  readonly pings?: PingSpec | undefined;
  /** Of a good answer, latin1. */
  readonly expectedBody: string;
}

export interface GeneratorOutcome extends TallyCounts {
  /** CPU of the process in the measured time. */
  readonly cpuMicros: number;
  /** Of one core, in the measured time. */
  readonly cpuShare: number;
  /** Lateness of an idle timer in microseconds, compressed base64. */
  readonly hiccup: string;
  /** Of pings; undefined where none were asked for. */
  readonly pings?: PingOutcome | undefined;
}

export interface PingOutcome {
  readonly samples: LoadSamples;
  readonly failed: number;
}

export type ToGenerator =
  | { readonly kind: 'open'; readonly spec: GeneratorSpec }
  /** `atNanos`: process.hrtime, which all processes of a machine share. */
  | { readonly kind: 'run'; readonly atNanos: bigint };

export interface GeneratorProgress {
  readonly due: number;
  readonly answered: number;
  readonly waiting: number;
  readonly open: number;
}

export type FromGenerator =
  | { readonly kind: 'progress'; readonly progress: GeneratorProgress }
  | { readonly kind: 'opened' }
  | { readonly kind: 'finished'; readonly outcome: GeneratorOutcome }
  | { readonly kind: 'failed'; readonly message: string };
