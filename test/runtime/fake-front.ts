/** A front thread that does what the registry's first plan says; for tests of FrontThreads. */
import { parentPort, workerData } from 'node:worker_threads';
import { type EventRecord, eventCharacters } from '../../src/core/events.ts';
import type { FromFront, FrontWorkerData, ToFront } from '../../src/data-plane/front-messages.ts';
import { FrontTelemetry, type FrontTelemetryShared } from '../../src/telemetry/front-telemetry.ts';
import { createVitalsBuffer } from '../../src/telemetry/thread-vitals.ts';

const port = parentPort!;
const { index, config } = workerData as FrontWorkerData<Int32Array>;
/** Starts of each front so far, in shared memory; in place of the nonce table. */
const starts: Int32Array = workerData.shared;
const start = Atomics.add(starts, index, 1);
let behaviour: string | undefined;
let version = 0;
let parts = 0;
let drains = 0;
const held: EventRecord[] = [];

const post = (message: FromFront<FrontTelemetryShared>) => port.postMessage(message);
const log = (message: string, fields: Record<string, unknown>) =>
  post({ kind: 'log', level: 'info', message, fields });
const hear = (what: string) => {
  if (['echo', 'ask', 'deliver-late'].includes(behaviour ?? '')) log('heard', { what });
};

function begin(): void {
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
  post({ kind: 'listening', version });
  if (behaviour !== 'ask') return;
  const request = { topic: 'notices', partnerId: undefined, after: index };
  post({ kind: 'replay', ask: 7, request });
}

function takePart({ part }: Extract<ToFront, { kind: 'snapshot' }>): void {
  const { records, isLast } = part;
  parts += 1;
  const isFirst = behaviour === undefined;
  if (records.partners[0]?.id === 'poison' && !isFirst) throw new Error('A bug in the front.');
  post({ kind: 'part-taken' });
  const wanted = records.plans[0]?.id;
  behaviour ??= wanted;
  if (!isLast) return;
  if (wanted === 'refuse-whole' && !isFirst) return refuse(records.version, true);
  version = records.version;
  if (isFirst) return begin();
  log('parts', { parts });
  post({ kind: 'swapped', version, isWhole: true });
}

function takeDelta({ delta }: Extract<ToFront, { kind: 'snapshot-delta' }>): void {
  const named = delta.partners.upserts[0]?.id;
  log('delta', { version: delta.version });
  if (named === 'poison') throw new Error('A bug in the front.');
  if (delta.baseVersion !== version || named === 'refused') return refuse(delta.version, false);
  version = delta.version;
  post({ kind: 'swapped', version, isWhole: false });
}

function refuse(refused: number, isWhole: boolean): void {
  post({ kind: 'swap-failed', version: refused, isWhole, reason: `Front ${index} cannot.` });
}

function takeEvents(events: readonly EventRecord[]): void {
  if (behaviour === 'deliver-late') held.push(...events);
  if (events.some(({ id }) => id === 'last')) {
    const characters = held.reduce((sum, event) => sum + eventCharacters(event), 0);
    post({ kind: 'events-delivered', characters });
  }
  hear(events.map(({ sequence }) => sequence).join(' '));
}

function takeReplay({ ask, page }: Extract<ToFront, { kind: 'replayed' }>): void {
  if (page.kind === 'expired') return hear(`page ${ask} expired`);
  hear(`page ${ask} of ${page.events.map(e => e.sequence)} up to ${page.upTo}`);
}

function drain(): void {
  drains += 1;
  if (behaviour === 'hang' && drains === 1) return;
  post({ kind: 'drained', cutExchanges: index + 1 });
  port.close();
}

port.on('message', (message: ToFront) => {
  switch (message.kind) {
    case 'snapshot':
      return takePart(message);
    case 'snapshot-delta':
      return takeDelta(message);
    case 'events':
      return takeEvents(message.events);
    case 'events-missed':
      return hear(`missed up to ${message.head}`);
    case 'replayed':
      return takeReplay(message);
    case 'listen':
      post({ kind: 'listens', number: message.number, isListening: message.isListening });
      return hear(message.isListening ? 'listen' : 'do not listen');
    case 'drain':
      return drain();
  }
});
