/** The generators' raw samples as histograms and sums. */
import { decodeFromCompressedBase64, type Histogram } from 'hdr-histogram-js';
import { sum, summed } from '../rig/counts.ts';
import { createHistogram, recordable } from '../rig/latency-histogram.ts';
import type { GeneratorOutcome } from './generator-messages.ts';
import type { Loss } from './load-connection.ts';
import { CONNECTION_LOST, type Timeline } from './load-result.ts';
import { NEVER_SENT } from './samples.ts';

export interface Merged {
  readonly requests: number;
  readonly answered: number;
  /** Connections lost among them. */
  readonly errors: Readonly<Record<string, number>>;
  readonly connectionsLost: Readonly<Partial<Record<Loss, number>>>;
  readonly missedSends: number;
  readonly noIdleConnection: number;
  /** All in microseconds. */
  readonly latency: Histogram;
  readonly sinceSent: Histogram;
  readonly lag: Histogram;
  readonly hiccup: Histogram;
  /** Latency of what was due in each second. */
  readonly latencyBySecond: readonly Histogram[];
  readonly due: readonly number[];
  readonly answers: readonly number[];
  readonly failures: readonly number[];
  readonly openConnections: readonly number[];
  readonly heat: Timeline['heat'];
  readonly cpuMicros: number;
  readonly cpuShareMax: number;
}

/** Three buckets for each doubling, 0.1 ms to two minutes. */
const HEAT_UPPER_MS = Array.from(
  { length: 62 },
  (_, bucket) => Math.round(0.1 * 2 ** (bucket / 3) * 1_000) / 1_000,
);

export function mergeOutcomes(outcomes: readonly GeneratorOutcome[], seconds: number): Merged {
  const latency = createHistogram();
  const sinceSent = createHistogram();
  const lag = createHistogram();
  const hiccup = createHistogram();
  const latencyBySecond = Array.from({ length: seconds }, createHistogram);
  const counts = Array.from({ length: seconds }, () => new Array(HEAT_UPPER_MS.length).fill(0));
  for (const { samples, lagMicros, hiccup: encoded } of outcomes) {
    samples.latencyMicros.forEach((micros, i) => {
      const second = Math.floor(samples.dueMicros[i]! / 1_000_000);
      latency.recordValue(recordable(micros));
      latencyBySecond[second]!.recordValue(recordable(micros));
      counts[second]![heatBucket(micros / 1_000)]! += 1;
    });
    for (const micros of samples.sinceSentMicros) {
      if (micros !== NEVER_SENT) sinceSent.recordValue(recordable(micros));
    }
    for (const micros of lagMicros) lag.recordValue(recordable(micros));
    hiccup.add(decodeFromCompressedBase64(encoded));
  }
  return {
    ...sums(outcomes),
    latency,
    sinceSent,
    lag,
    hiccup,
    latencyBySecond,
    due: addedUp(outcomes.map(({ due }) => due)),
    answers: addedUp(outcomes.map(({ answers }) => answers)),
    failures: addedUp(outcomes.map(({ failures }) => failures)),
    openConnections: addedUp(outcomes.map(({ openConnections }) => openConnections)),
    heat: { upperMs: HEAT_UPPER_MS, counts },
  };
}

function sums(outcomes: readonly GeneratorOutcome[]) {
  const total = (of: (outcome: GeneratorOutcome) => number) =>
    outcomes.reduce((sum, outcome) => sum + of(outcome), 0);
  const errors = summed(outcomes.map(outcome => outcome.errors));
  const connectionsLost = summed(outcomes.map(outcome => outcome.connectionsLost));
  const lost = sum(Object.values(connectionsLost));
  if (lost > 0) errors[CONNECTION_LOST] = lost;
  return {
    requests: total(({ requests }) => requests),
    answered: total(({ answered }) => answered),
    ...{ errors, connectionsLost },
    missedSends: total(({ missedSends }) => missedSends),
    noIdleConnection: total(({ noIdleConnection }) => noIdleConnection),
    cpuMicros: total(({ cpuMicros }) => cpuMicros),
    cpuShareMax: Math.max(...outcomes.map(({ cpuShare }) => cpuShare)),
  };
}

function heatBucket(ms: number): number {
  const bucket = HEAT_UPPER_MS.findIndex(upper => ms <= upper);
  return bucket < 0 ? HEAT_UPPER_MS.length - 1 : bucket;
}

function addedUp(rows: readonly (readonly number[])[]): number[] {
  return rows[0]!.map((_, column) => rows.reduce((sum, row) => sum + row[column]!, 0));
}
