/** One thread's view of the table of upstreams' health. */
import type { Circuit, HealthStates, TargetHealth } from '../health-contract.ts';
import { SharedCircuit } from './health-circuit.ts';
import {
  CIRCUIT_BYTES,
  callsOfPlace,
  findPlace,
  type HealthShared,
  placeNumber,
  placeOffset,
  TARGET_BYTES,
  targetName,
} from './health-layout.ts';
import { SharedTargetHealth } from './health-target.ts';
import { createHostClock } from './host-clock.ts';

export interface HealthView {
  /** The front thread whose view it is; undefined for one that sends no calls. */
  readonly front?: number;
  /** A monotonic clock that all threads of the table read alike. */
  readonly nowMs?: () => number;
}

export class SharedHealthStates implements HealthStates {
  readonly nowMs: () => number;
  private readonly shared: HealthShared;
  private readonly header: Int32Array;
  private readonly front: number | undefined;

  constructor(shared: HealthShared, { front, nowMs = createHostClock() }: HealthView = {}) {
    this.shared = shared;
    this.header = new Int32Array(shared.buffer, 0, 1);
    this.front = front;
    this.nowMs = nowMs;
  }

  get version(): number {
    return Atomics.load(this.header, 0);
  }

  target(upstreamId: string, host: string, port: number): SharedTargetHealth | undefined {
    const number = placeNumber(targetName(upstreamId, host, port));
    const place = findPlace(this.shared, 'target', number);
    return place < 0 ? undefined : this.targetAt(place);
  }

  circuit(upstreamId: string): Circuit | undefined {
    const place = findPlace(this.shared, 'circuit', placeNumber(upstreamId));
    return place < 0 ? undefined : this.circuitAt(place);
  }

  targetAt(place: number): SharedTargetHealth {
    const { shared, header, front } = this;
    const calls = callsOfPlace(shared, place);
    const ownCalls = front === undefined ? new Int32Array(1) : calls[front]!;
    const offset = placeOffset('target', place);
    return new SharedTargetHealth({ buffer: shared.buffer, offset, header, calls, ownCalls });
  }

  circuitAt(place: number): SharedCircuit {
    return new SharedCircuit(this.shared.buffer, placeOffset('circuit', place));
  }

  ownTarget(): TargetHealth {
    const { header } = this;
    const ownCalls = new Int32Array(1);
    const buffer = new SharedArrayBuffer(TARGET_BYTES);
    return new SharedTargetHealth({ buffer, offset: 0, header, calls: [ownCalls], ownCalls });
  }

  ownCircuit(): Circuit {
    return new SharedCircuit(new SharedArrayBuffer(CIRCUIT_BYTES), 0);
  }
}
