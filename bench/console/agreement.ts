/**
 * Whether the percentiles that the console shows are those that the callers saw. Between the two
 * lies the loopback: the wait in a socket until a loop comes to read it, on either side. A ping
 * takes that way alone. How the time of a call and that of its way depend on each other is not
 * known, so the bound supposes nothing of it: the calls beyond a sum are at most those beyond the
 * one and those beyond the other (Boole's inequality).
 */
import type { Histogram } from 'hdr-histogram-js';
import type { CurvePoint, DistributionAnswer } from '../../src/telemetry/live-frame.ts';
import { type LoadSamples, NEVER_SENT } from '../load/samples.ts';
import { createHistogram, recordable } from '../rig/latency-histogram.ts';

export interface SeenOutside {
  readonly calls: readonly LoadSamples[];
  readonly pings: readonly LoadSamples[];
  /** When the samples begin: milliseconds since the epoch. */
  readonly sinceMs: number;
}

/** Milliseconds, of one percentile. */
export interface PercentileRow {
  readonly percentile: number;
  /** From the send to the last byte of the answer. */
  readonly outside: number;
  readonly shown: number;
  /** Round trip of a ping. */
  readonly loopback: number;
  /** Between which `outside` is where both are right. */
  readonly least: number;
  readonly most: number;
}

export interface Agreement {
  readonly rows: readonly PercentileRow[];
  /** Of the span that the console was asked for, as it knows its edges. */
  readonly callsOutside: number;
  readonly callsShown: number;
  readonly pings: number;
}

const PERCENTILES = [50, 90, 99, 99.9] as const;
/** Of what is shown and of what is seen, to three digits each; a microsecond for rounding each. */
const PRECISION_SHARE = 0.002;
const PRECISION_MS = 0.002;
/** Calls that ended within milliseconds of an edge may be on either side of it. */
const COUNTS_SHARE = 0.01;
const COUNTS_MIN = 10;

export function compareDistributions(
  { traffic, curve }: DistributionAnswer,
  { calls, pings, sinceMs }: SeenOutside,
): Agreement {
  const span = { fromMs: traffic.fromMs - sinceMs, toMs: traffic.toMs - sinceMs };
  const outside = endedWithin(calls, span);
  const loopback = endedWithin(pings, span);
  const { p50, p90, p99, p999 } = traffic.latency;
  const rows = [p50, p90, p99, p999].map((shown, i) => {
    const percentile = PERCENTILES[i]!;
    return {
      ...{ percentile, shown },
      outside: atShare(outside, percentile / 100),
      loopback: atShare(loopback, percentile / 100),
      ...boundsOf(
        percentile / 100,
        [...curve, { quantile: percentile / 100, ms: shown }],
        loopback,
      ),
    };
  });
  const counts = { callsOutside: outside.totalCount, callsShown: traffic.exchanges };
  return { rows, ...counts, pings: loopback.totalCount };
}

/** What the two differ in, a sentence each. */
export function disagreements(agreement: Agreement): string[] {
  const { rows, callsOutside, callsShown } = agreement;
  const apart = rows.filter(({ outside, least, most }) => outside < least || outside > most);
  const sentences = apart.map(({ percentile }) => `p${percentile} is not what the callers saw`);
  if (Math.abs(callsOutside - callsShown) > Math.max(callsShown * COUNTS_SHARE, COUNTS_MIN)) {
    sentences.push('the calls that are shown are not those of the callers');
  }
  return sentences;
}

/**
 * For each share u beyond p: at most 1 - u of the calls are shown above the value there, and at
 * most u - p of the ways are longer than theirs at 1 - (u - p). Likewise the other way round, for
 * the clock inside may stop a little behind the last byte.
 */
function boundsOf(share: number, curve: readonly CurvePoint[], loopback: Histogram) {
  let least = 0;
  let most = Number.POSITIVE_INFINITY;
  for (const { quantile, ms } of curve) {
    const wayMs = atShare(loopback, 1 - Math.abs(quantile - share));
    if (quantile >= share) most = Math.min(most, ms + wayMs);
    if (quantile <= share) least = Math.max(least, ms - wayMs);
  }
  return {
    least: least * (1 - PRECISION_SHARE) - PRECISION_MS,
    most: most * (1 + PRECISION_SHARE) + PRECISION_MS,
  };
}

function atShare(histogram: Histogram, share: number): number {
  return Math.min(histogram.getValueAtPercentile(share * 100), histogram.maxValue) / 1_000;
}

/** From the actual send, of what was answered between two moments of the run. */
function endedWithin(
  all: readonly LoadSamples[],
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number },
): Histogram {
  const histogram = createHistogram();
  for (const { dueMicros, latencyMicros, sinceSentMicros } of all) {
    dueMicros.forEach((due, i) => {
      const endedMs = (due + latencyMicros[i]!) / 1_000;
      const micros = sinceSentMicros[i]!;
      if (micros === NEVER_SENT || endedMs < fromMs || endedMs >= toMs) return;
      histogram.recordValue(recordable(micros));
    });
  }
  return histogram;
}
