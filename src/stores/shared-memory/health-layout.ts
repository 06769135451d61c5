/**
 * The table of upstreams' health as bytes: a header, places of targets, places of upstreams. A
 * place belongs to whoever's number it bears; the main thread gives places out and takes them back,
 * front threads only find theirs.
 */
import { hash } from 'node:crypto';

export const TARGETS_MAX = 8_192;
export const CIRCUITS_MAX = 4_096;

const HEADER_BYTES = 64;
export const TARGET_BYTES = 64;
export const CIRCUIT_BYTES = 256;
const CIRCUITS_OFFSET = HEADER_BYTES + TARGETS_MAX * TARGET_BYTES;
const TABLE_BYTES = CIRCUITS_OFFSET + CIRCUITS_MAX * CIRCUIT_BYTES;

/** Crosses threads: the fronts find what the main thread writes. */
export interface HealthShared {
  readonly buffer: SharedArrayBuffer;
  /** Calls in flight: a row of each front's own, with a word for each place of a target. */
  readonly calls: SharedArrayBuffer;
}

export function createHealthShared(fronts: number): HealthShared {
  return {
    buffer: new SharedArrayBuffer(TABLE_BYTES),
    calls: new SharedArrayBuffer(fronts * TARGETS_MAX * 4),
  };
}

/** The row of one front. */
export function callsOfFront({ calls }: HealthShared, front: number): Int32Array {
  return new Int32Array(calls, front * TARGETS_MAX * 4, TARGETS_MAX);
}

/** The words of one place, over all fronts. */
export function callsOfPlace({ calls }: HealthShared, place: number): Int32Array[] {
  const fronts = calls.byteLength / (TARGETS_MAX * 4);
  return Array.from({ length: fronts }, (_, front) => {
    return new Int32Array(calls, (front * TARGETS_MAX + place) * 4, 1);
  });
}

export type PlaceKind = 'target' | 'circuit';

const KINDS: Readonly<Record<PlaceKind, { offset: number; bytes: number; max: number }>> = {
  target: { offset: HEADER_BYTES, bytes: TARGET_BYTES, max: TARGETS_MAX },
  circuit: { offset: CIRCUITS_OFFSET, bytes: CIRCUIT_BYTES, max: CIRCUITS_MAX },
};

export function placesMax(kind: PlaceKind): number {
  return KINDS[kind].max;
}

/** Where the place begins. */
export function placeOffset(kind: PlaceKind, place: number): number {
  const { offset, bytes } = KINDS[kind];
  return offset + place * bytes;
}

/** Ids have no space in them. */
export function targetName(upstreamId: string, host: string, port: number): string {
  return `${upstreamId} ${host} ${port}`;
}

/**
 * 48 bits, above 0: of 8,192 names two are alike once in 8 million registries, and the second one
 * gets no place then.
 */
export function placeNumber(name: string): number {
  return Number.parseInt(hash('sha256', name, 'hex').slice(0, 12), 16) + 1;
}

/** The place that bears the number, or -1. 8,192 of them take 20 us, once for each new record. */
export function findPlace({ buffer }: HealthShared, kind: PlaceKind, number: number): number {
  const { offset, bytes, max } = KINDS[kind];
  const words = new Float64Array(buffer, offset, (max * bytes) / 8);
  const stride = bytes / 8;
  for (let place = 0; place < max; place++) if (words[place * stride] === number) return place;
  return -1;
}
