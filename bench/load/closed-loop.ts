/**
 * What a closed loop would have shown of the same run: a few clients, each of which sends its next
 * request only after the answer to its last. While all of them wait, nobody asks, and the slow
 * answers that an open loop is owed are never seen. That is coordinated omission (Gil Tene); the
 * figures exist to stand beside the real ones, so that nobody has to take its size on trust.
 */
import type { Histogram } from 'hdr-histogram-js';
import { createHistogram, recordable } from '../rig/latency-histogram.ts';
import type { LoadSamples } from './samples.ts';

/** As many as a closed-loop instrument is commonly given. */
export const CLIENTS_MAX = 64;

/**
 * Microseconds of the requests that `clients` would have sent, which are fewer than were due. In
 * the order in which they were due each goes to a client that is free, whose wait is the one that
 * was measured from the due time; where none is free, the request is left out.
 */
export function closedLoopLatency(samples: readonly LoadSamples[], clients: number): Histogram {
  const histogram = createHistogram();
  const busyUntilMicros = new Float64Array(clients);
  for (const [dueMicros, latencyMicros] of inOrderOfDue(samples)) {
    const client = busyUntilMicros.findIndex(until => until <= dueMicros);
    if (client < 0) continue;
    busyUntilMicros[client] = dueMicros + latencyMicros;
    histogram.recordValue(recordable(latencyMicros));
  }
  return histogram;
}

/** Samples are kept in the order of their answers, by each generator for itself. */
function* inOrderOfDue(samples: readonly LoadSamples[]): Generator<[number, number]> {
  const total = samples.reduce((sum, { dueMicros }) => sum + dueMicros.length, 0);
  const due = new Float64Array(total);
  const latency = new Float64Array(total);
  let offset = 0;
  for (const { dueMicros, latencyMicros } of samples) {
    due.set(dueMicros, offset);
    latency.set(latencyMicros, offset);
    offset += dueMicros.length;
  }
  const order = Uint32Array.from({ length: total }, (_, i) => i);
  order.sort((one, other) => due[one]! - due[other]!);
  for (const i of order) yield [due[i]!, latency[i]!];
}
