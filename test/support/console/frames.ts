/** Frames of the mock gateway: two fronts, each with the workers that it is told to have. */
import type { LiveFrame, PoolFigures, ThreadFigures } from '../../../src/telemetry/live-frame.ts';
import { curveOf, noise, trafficBetween } from './traffic.ts';

export const FRONTS = 2;
const MIB = 1_048_576;

const APPS = ['merchant-hub', 'payroll-cloud', 'invoice-link', 'supply-desk'];

function thread(
  name: string,
  kind: ThreadFigures['kind'],
  second: number,
  load: number,
): ThreadFigures {
  const cpu = Math.min(0.99, load * (0.92 + 0.16 * noise(second + name.length)));
  return {
    ...{ name, kind, cpu, utilization: Math.min(1, cpu * 1.04) },
    delayP99: 0.4 + cpu * 2 * noise(second),
    delayMax: 2.1 + cpu * 9 * noise(second + 3),
    heapUsedBytes: (kind === 'worker' ? 18 : 46) * MIB + noise(second + 4) * 9 * MIB,
    restarts: name === 'front-1-worker-0' ? 1 : 0,
    sampledAtMs: second * 1_000 + 1_000,
  };
}

function pool(front: number, workers: number, second: number): PoolFigures {
  const load = 1 / workers;
  const wave = 1 + 0.5 * Math.sin(second / 20 + front);
  const queueLength = Math.round(14 * load * load * wave * noise(second + front));
  const jobs = Math.round(1_450 * wave);
  return {
    ...{ front, workers, queueLength, jobs },
    batches: Math.round(jobs / 6),
    batchSizes: [38, 71, 96, 44, 17, 3].map(size => Math.round(size * wave)),
    meanWait: 0.9 * load * wave,
    meanService: 0.62,
    lanes: APPS.map((app, index) => ({
      ...{ app, waiting: Math.round(queueLength / (index + 2)) },
      share: [0.46, 0.27, 0.18, 0.09][index]!,
    })),
  };
}

/** The frame of the second that ended at a moment. */
export function frameAt(toMs: number, workersPerFront: number): LiveFrame {
  const second = Math.floor(toMs / 1_000) - 1;
  const traffic = trafficBetween(toMs - 1_000, toMs);
  const fronts = Array.from({ length: FRONTS }, (_, front) => front);
  return {
    ...{ kind: 'frame', traffic, curve: curveOf(second, traffic.exchanges) },
    exchangesInFlight: Math.round(traffic.exchanges * 0.0058),
    connections: 12_408 + Math.round(noise(second) * 40),
    sessions: 318,
    threads: [
      thread('main', 'main', second, 0.07),
      ...fronts.flatMap(front => [
        thread(`front-${front}`, 'front', second, 0.58 + 0.1 * front),
        ...Array.from({ length: workersPerFront }, (_, worker) =>
          thread(`front-${front}-worker-${worker}`, 'worker', second, 0.88 / workersPerFront),
        ),
      ]),
    ],
    pools: fronts.map(front => pool(front, workersPerFront, second)),
    proofs: { 'rsa-pss-sha512': Math.round(traffic.exchanges * 0.7) },
    proven: traffic.exchanges,
    rssBytes: 412 * MIB + noise(second) * 6 * MIB,
  };
}
