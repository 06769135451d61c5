/** A front thread that does what the registry's first plan says; for tests of FrontThreads. */
import { parentPort, workerData } from 'node:worker_threads';
import { type EventRecord, eventCharacters } from '../../src/core/events.ts';
import type { FromFront, FrontWorkerData, ToFront } from '../../src/data-plane/front-messages.ts';
import { FrontTelemetry, type FrontTelemetryShared } from '../../src/telemetry/front-telemetry.ts';
import { createVitalsBuffer } from '../../src/telemetry/thread-vitals.ts';

const port = parentPort!;
const { index, snapshot, config } = workerData as FrontWorkerData<Int32Array>;
/** Starts of each front so far, in shared memory; in place of the nonce table. */
const starts: Int32Array = workerData.nonces;
const start = Atomics.add(starts, index, 1);
const behaviour = snapshot.plans[0]?.id ?? 'serve';

const post = (message: FromFront<FrontTelemetryShared>) => port.postMessage(message);

if (behaviour === 'fail' || (behaviour === 'fail-once' && start === 1)) {
  post({ kind: 'failed', message: `Front ${index} cannot listen.` });
  process.exit(1);
}
if (behaviour === 'throw') throw new Error('The native part is missing.');

const telemetry = new FrontTelemetry(
  config.telemetry.operationHistogramsMax,
  config.telemetry.appFiguresMax,
);
telemetry.counters.add('exchanges', 10);
post({ kind: 'telemetry', shared: telemetry.shared, workers: [createVitalsBuffer()] });
post({ kind: 'listening' });
let parts = 0;
let drains = 0;
const held: EventRecord[] = [];

const hear = (what: string) => {
  if (!['echo', 'ask', 'deliver-late'].includes(behaviour)) return;
  post({ kind: 'log', level: 'info', message: 'heard', fields: { what } });
};
if (behaviour === 'ask') {
  const request = { topic: 'notices', partnerId: undefined, after: index };
  post({ kind: 'replay', ask: 7, request });
}

port.on('message', (message: ToFront) => {
  if (message.kind === 'drain') {
    drains += 1;
    if (behaviour === 'hang' && drains === 1) return;
    post({ kind: 'drained', cutExchanges: index + 1 });
    port.close();
    return;
  }
  if (message.kind === 'events') {
    if (behaviour === 'deliver-late') held.push(...message.events);
    const isLast = message.events.some(({ id }) => id === 'last');
    if (isLast) {
      const characters = held.reduce((sum, event) => sum + eventCharacters(event), 0);
      post({ kind: 'events-delivered', characters });
    }
    return hear(message.events.map(({ sequence }) => sequence).join(' '));
  }
  if (message.kind === 'events-missed') return hear(`missed up to ${message.head}`);
  if (message.kind === 'replayed') {
    const { ask, page } = message;
    if (page.kind === 'expired') return hear(`page ${ask} expired`);
    return hear(`page ${ask} of ${page.events.map(e => e.sequence)} up to ${page.upTo}`);
  }
  const { part } = message;
  parts += 1;
  if (part.records.partners[0]?.id === 'poison') throw new Error('A bug in the front.');
  post({ kind: 'part-taken' });
  if (part.isLast) {
    const fields = { parts };
    post({ kind: 'log', level: 'info', message: 'parts', fields });
    post({ kind: 'swapped', version: part.records.version });
  }
});
