/** A thread whose apps take each other's slots all the time, until it is terminated. */
import { parentPort } from 'node:worker_threads';
import { AppFigures } from '../../src/telemetry/app-figures.ts';

const SLOTS = 3;
const APPS = 16;
/** Time in which a reading can be whole. */
const MESSAGES_PER_MOVE = 2_000;

const figures = new AppFigures(SLOTS);
parentPort!.postMessage(figures.shared);
for (let i = 0; ; i += 1) {
  const meter = figures.meter(`app-${i % APPS}`);
  for (let count = 0; count < MESSAGES_PER_MOVE; count += 1) meter.add('messages', 1);
}
