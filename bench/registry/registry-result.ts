/** What bench:registry found, as `--json` writes it. Milliseconds, bytes in MB. */
import type { Environment } from '../rig/environment.ts';
import type { PercentilesMs } from '../rig/latency-histogram.ts';
import type { ChangeName } from './change-names.ts';
import type { Times } from './times.ts';

/** The registry beside what the benchmark calls. */
export interface RegistryScale {
  readonly apis: number;
  /** Of all APIs together. */
  readonly operations: number;
  readonly partners: number;
  /** Each with two keys and one subscription. */
  readonly apps: number;
}

export interface RegistryOptions extends RegistryScale {
  readonly fronts: number;
  /** Changes one after another, of several kinds, without load. */
  readonly changes: number;
  /** Keys that are revoked while they are used. */
  readonly revocations: number;
  /** Whole snapshots beside traffic, one after another. */
  readonly rebuilds: number;
  /** Signed calls a second on so many connections: beside the rebuilds and in the windows. */
  readonly rate: number;
  readonly connections: number;
  /** Half of the windows are calm, in the other half one change a second is made. */
  readonly windows: number;
  readonly windowSeconds: number;
  /** Before the calls that are measured, of both loads. */
  readonly warmUpSeconds: number;
  readonly seed: number;
}

export interface MemoryFigures {
  /** Resident memory of the gateway process. */
  readonly rssMb: number;
  /** JavaScript heap in use, by thread. */
  readonly heapMb: Readonly<Record<string, number>>;
}

/** From the start of the process to its readiness; its files were there before. */
export interface StartFigures {
  /** Reads the registry's file into an empty store. */
  readonly firstMs: number;
  /** Find the store as the first one left it; one after another. */
  readonly furtherMs: readonly number[];
}

/** From sending a change to the answer that says that every front serves it. */
export interface VisibilityFigures {
  /** Of the first change after a start, when no code for it has run yet; it is among the others. */
  readonly firstMs: number;
  readonly all: Times;
  readonly kinds: Readonly<Partial<Record<ChangeName, Times>>>;
}

export interface RevocationFigures {
  readonly keys: number;
  /** Connections that called all the time, by the front that has them. */
  readonly connectionsByFront: readonly number[];
  /** Of all keys, until each was revoked; all of them were accepted. */
  readonly acceptedBefore: number;
  /** From sending the revocation to the answer that confirms it. */
  readonly confirmed: Times;
  /**
   * Of each key: when the last call was sent that was still accepted, from the arrival of the
   * confirming answer; negative before it.
   */
  readonly lastAcceptedMs: readonly number[];
  /** Calls that were sent after the answer, and what became of them. */
  readonly acceptedAfter: number;
  readonly refusedAfterByFront: readonly number[];
}

/** Calls that were due in some part of a run; from the intended send time. */
export interface CallLatency extends PercentilesMs {
  readonly requests: number;
}

/** All calls of a run. */
export interface CallOutcomes {
  readonly requests: number;
  readonly answered: number;
  readonly errors: Readonly<Record<string, number>>;
  readonly missedSends: number;
  readonly generatorLag: PercentilesMs;
  /** Why the generator and not the gateway was the limit; empty where it was not. */
  readonly limited: readonly string[];
}

export interface RebuildFigures {
  /** From asking to the answer that says that every front serves it. */
  readonly served: Times;
  readonly calls: CallOutcomes;
  /** Due in the seconds before the first, and during any. */
  readonly before: CallLatency;
  readonly during: CallLatency;
}

export interface WindowFigures extends CallLatency {
  readonly isChanging: boolean;
  readonly changes: number;
  readonly gatewayCpuMicrosPerRequest: number;
  /** How late an idle timer beside the gateway fired. */
  readonly hiccup: PercentilesMs;
}

export interface ChangeLoadFigures {
  readonly calls: CallOutcomes;
  /** All windows of a kind together. */
  readonly calm: CallLatency;
  readonly changing: CallLatency;
  /** Changing against calm. */
  readonly p99Ratio: number;
  /** Of the changes in the windows, as in {@link VisibilityFigures}. */
  readonly changes: Times;
  readonly windows: readonly WindowFigures[];
  readonly calmHiccup: PercentilesMs;
  readonly changingHiccup: PercentilesMs;
  /** Share of all cores' time that neither gateway, upstream, generator nor benchmark used. */
  readonly othersShare: number;
}

export interface RegistryResult extends RegistryOptions {
  readonly name: 'registry';
  /** ISO 8601. */
  readonly startedAt: string;
  /** Every option of the gateway's configuration whose value is not the product's default. */
  readonly configuration: Readonly<Record<string, string | number | boolean>>;
  /** Of all kinds, those that the benchmark calls left out. */
  readonly records: number;
  readonly start: StartFigures;
  readonly memoryAfterStart: MemoryFigures;
  readonly visibility: VisibilityFigures;
  readonly revocation: RevocationFigures;
  readonly rebuild: RebuildFigures;
  readonly memoryAfterRebuild: MemoryFigures;
  readonly changeLoad: ChangeLoadFigures;
  readonly memoryAtEnd: MemoryFigures;
  readonly environment: Environment;
  readonly commit: string;
}
