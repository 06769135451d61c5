/**
 * One front thread: composes the rooms around its own uWebSockets.js app and its own worker pool,
 * and does what the main thread asks.
 */
import { flushCompileCache } from 'node:module';
import { parentPort, workerData } from 'node:worker_threads';
import type { CallTrace } from '../core/call-trace.ts';
import { systemClock } from '../core/clock.ts';
import type { Exchange } from '../core/exchange.ts';
import { LogThrottle } from '../core/log-throttle.ts';
import type { RecordDelta, SnapshotDelta, SnapshotHolder } from '../core/snapshot.ts';
import { FrontIdempotencyStore } from '../stores/idempotency/front-store.ts';
import {
  type HostShared,
  type NonceShared,
  SharedFailureBudget,
  SharedHealthStates,
} from '../stores/shared-memory/index.ts';
import { AccessLog } from '../telemetry/access-log.ts';
import { FrontTelemetry, type FrontTelemetryShared } from '../telemetry/front-telemetry.ts';
import { startThreadVitals } from '../telemetry/thread-vitals.ts';
import { TraceOutbox } from '../telemetry/trace-outbox.ts';
import { composeFront } from './compose-front.ts';
import { openStores } from './compose-stores.ts';
import type { FromFront, FrontWorkerData, ToFront } from './front-messages.ts';
import { FrontService } from './front-service.ts';
import { SnapshotSwapper, type SwapFailure } from './route/index.ts';
import { UpstreamDirectory } from './upstream/index.ts';
import { PoolWatch } from './watch-pool.ts';
import { createCheckPool } from './workers/index.ts';

/** How often a draining front looks whether its last exchange has ended. */
const DRAIN_POLL_MS = 20;
/** Time between slices of a snapshot compilation, in which traffic goes on. */
const COMPILE_SLICE_MS = 1;
/** Longest wait for workers and upstream sockets after the last exchange; then they are left. */
const CLOSE_MAX_MS = 3_000;

const port = parentPort!;
const data = workerData as FrontWorkerData<HostShared>;

function post(message: FromFront<FrontTelemetryShared>, transfer: ArrayBuffer[] = []): void {
  port.postMessage(message, transfer);
}

function log(level: 'info' | 'warn' | 'error', message: string, fields: Record<string, unknown>) {
  post({ kind: 'log', level, message, fields });
}

function postTraces(calls: readonly CallTrace[]): void {
  post({ kind: 'traces', calls });
}

function sleep(ms: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  setTimeout(resolve, ms);
  return promise;
}

const swapper = new SnapshotSwapper({
  sliceMs: COMPILE_SLICE_MS,
  onSwapped: (version, isWhole) => post({ kind: 'swapped', version, isWhole }),
  onFailed: reportSwapFailure,
});

function reportSwapFailure({ version, isWhole, error }: SwapFailure): void {
  const fields = { version, isWhole, stack: error.stack };
  log('error', 'A registry could not be compiled; the one before stays.', fields);
  post({ kind: 'swap-failed', version, isWhole, reason: error.message });
}

async function startFront() {
  const { config, index, shared } = data;
  const telemetry = new FrontTelemetry(
    config.telemetry.operationHistogramsMax,
    config.telemetry.appFiguresMax,
  );
  const { counters } = telemetry;
  const { ownKeys: own, partnerKeys: partners } = config.transform;
  const payloadKeys = { own, partners };
  const pool = createCheckPool({ config: config.workers, counters, payloadKeys });
  const workers = new PoolWatch(pool, config.workers, { post, log });
  post({ kind: 'telemetry', shared: telemetry.shared, workers: workers.buffers });
  const vitals = startThreadVitals(telemetry.shared.vitals);
  const snapshots: SnapshotHolder = { current: await swapper.first };
  const stores = await openStores({ config, shared, front: index, counters, log });
  const upstreams = new UpstreamDirectory({
    ...{ counters, clock: systemClock },
    health: new SharedHealthStates(shared.health, { front: index }),
    reportChange: reportUpstreamChange,
  });
  const accessLog = new AccessLog({
    config: config.telemetry,
    counters,
    written: telemetry.shared.accessLogWritten,
    post: block => post({ kind: 'access', block }, [block]),
  });
  const isTraced = config.telemetry.tracing.endpoint !== undefined;
  const traces = isTraced ? new TraceOutbox({ counters, post: postTraces }) : undefined;
  const idempotency = new FrontIdempotencyStore({
    clock: systemClock,
    timeoutMs: config.idempotency.storeTimeoutMs,
  });
  const parts = composeFront({
    config,
    counters,
    snapshots,
    checks: pool,
    conversions: pool,
    nonces: stores.nonces,
    limits: stores.limits,
    hostLimits: stores.hostLimits,
    failures: new SharedFailureBudget(shared.limits, index, config.signatures),
    idempotency,
    upstreams,
    recorder: telemetry,
    accessLog,
    traces,
    journal: data.journal,
    answerSigning: data.answerSigning,
    askReplay: (ask, request) => post({ kind: 'replay', ask, request }),
    onEventsDelivered: characters => post({ kind: 'events-delivered', characters }),
    wantTokenKeys: issuer => post({ kind: 'token-keys-wanted', issuer }),
    askAuthorization: (ask, request) => post({ kind: 'authorization', ask, request }),
    postObserved: call => post({ kind: 'observed', call }),
    reportBug,
    reportConversion,
    reportUpstreamFailure,
  });
  await pool.ready();
  const costs = pool.costs().map(({ kind, micros }) => [kind, micros] as const);
  post({ kind: 'costs', costsMicros: Object.fromEntries(costs) });
  const timed = { vitals, workers, accessLog, traces };
  const kept = { stores, idempotency, upstreams, snapshots };
  const service = new FrontService({ ...parts, counters, post });
  return { ...parts, ...kept, pool, counters, telemetry, service, ...timed };
}

type Running = Awaited<ReturnType<typeof startFront>>;

const throttle = new LogThrottle();

/** For what may happen with every call; `requestId` is the one that spoke. */
function logThrottled(
  level: 'info' | 'warn' | 'error',
  message: string,
  cause: string,
  fields: Record<string, unknown>,
): void {
  const suppressed = throttle.admit(`${message} ${cause}`, performance.now());
  if (suppressed !== undefined) log(level, message, { ...fields, suppressed });
}

function reportBug(error: unknown, exchange: Exchange): void {
  const stack = (error instanceof Error && error.stack) || String(error);
  logThrottled('error', 'A room threw.', stack, { requestId: exchange.arrival.requestId, stack });
}

function reportConversion({ arrival, target }: Exchange, reason: string): void {
  const { requestId } = arrival;
  const operation = target?.entry.operation.id;
  const message = 'A payload could not be converted.';
  logThrottled('warn', message, `${operation}`, { requestId, operation, reason });
}

function reportUpstreamFailure(
  exchange: Exchange,
  name: string,
  host: string,
  reason: string,
): void {
  const { requestId } = exchange.arrival;
  const upstream = exchange.target?.upstream.id;
  const fields = { requestId, upstream, host, problem: name, reason };
  logThrottled('warn', 'An upstream failed.', `${upstream} ${host} ${name}`, fields);
}

const UPSTREAM_CHANGES = {
  opened: 'A circuit breaker opened: calls to the upstream are refused for a while.',
  closed: 'A circuit breaker closed: the upstream answers again.',
  ejected: 'A target is left out for a while, because its calls failed.',
} as const;

function reportUpstreamChange(
  upstream: string,
  host: string | undefined,
  change: keyof typeof UPSTREAM_CHANGES,
): void {
  const fields = { upstream, ...(host === undefined ? {} : { host }) };
  const level = change === 'closed' ? 'info' : 'warn';
  logThrottled(level, UPSTREAM_CHANGES[change], `${upstream} ${host}`, fields);
}

/** What follows a swap, as far as the change goes. */
async function afterSwap(running: Running, delta: SnapshotDelta | undefined): Promise<void> {
  const { snapshots, upstreams, telemetry, sessions } = running;
  const { current } = snapshots;
  if (delta === undefined || isChanged(delta.upstreams)) upstreams.retain(current.upstreams);
  if (delta === undefined || isChanged(delta.apis)) {
    telemetry.retainOperations(id => current.operation(id) !== undefined);
  }
  await sessions.revise(delta);
}

function isChanged({ upserts, removals }: RecordDelta<unknown>): boolean {
  return upserts.length + removals.length > 0;
}

function heedMemory({ front, sessions }: Running, isShort: boolean): void {
  front.heedMemory(isShort);
  sessions.isMemoryShort = isShort;
}

type DrainOrder = Extract<ToFront, { kind: 'drain' }>;
/** On this thread's monotonic clock; a later order may bring it nearer. */
let drainDeadlineMs = Number.POSITIVE_INFINITY;

/** Came while this front stopped to listen. */
let lastOrder: DrainOrder | undefined;
let hasStopped = false;

/** Finishes what is in flight, cuts the rest at `timeoutMs`, and lets this thread end. */
async function drain(running: Running, order: DrainOrder): Promise<void> {
  const { front, counters, upstreams, sessions, responder } = running;
  await front.stopListening();
  hasStopped = true;
  running.service.sendAway(lastOrder ?? order);
  const isUsed = () => counters.get('connections_open') > 0;
  const isAtWork = () => counters.get('exchanges_in_flight') > 0 || sessions.size > 0;
  const isBusy = order.leaveOverMs === undefined ? isAtWork : isUsed;
  while (isBusy() && performance.now() < drainDeadlineMs) await sleep(DRAIN_POLL_MS);
  sessions.closeAll();
  const cutExchanges = counters.get('exchanges_in_flight');
  front.close();
  // A call that its partner has left goes on with its upstream where it may have effects.
  const upstreamsClosed = cutExchanges > 0 ? upstreams.destroy() : upstreams.close();
  const closed = Promise.all([running.pool.close(), upstreamsClosed]).then(() => true);
  if (!(await Promise.race([closed, sleep(CLOSE_MAX_MS).then(() => false)]))) {
    log('error', 'A front thread ends without having closed everything.', {
      pool: running.pool.stats(),
      upstreamConnections: counters.get('upstream_connections_open'),
    });
  }
  responder.close();
  running.accessLog.close();
  running.traces?.close();
  running.workers.stop();
  running.vitals.stop();
  running.stores.close();
  running.idempotency.close();
  post({ kind: 'drained', cutExchanges });
  // Safe now that nothing listens, and what hangs cannot hold the thread.
  process.exit(0);
}

/** Nothing listens any more, so this thread can end without taking the process with it. */
function endAnyway(error: Error): void {
  log('error', 'Draining a front thread failed.', { stack: error.stack });
  process.exit(1);
}

function reportOrder({ stack }: Error): void {
  log('error', 'A front thread could not be taken out of service or back.', { stack });
}

/** Starting failed: says why and ends the thread. A thread that listens must not be ended so. */
function fail(error: Error, running: Running | undefined): void {
  log('error', 'A front thread cannot start.', { stack: error.stack });
  post({ kind: 'failed', message: error.message });
  running?.front.close();
  process.exit(1);
}

async function run(): Promise<void> {
  port.on('message', hear);
  let running: Running | undefined;
  try {
    running = await startFront();
    // Before there is traffic that would wait: the next start of this thread loads it.
    flushCompileCache();
    const { host, port: tcpPort } = data.config.listener;
    if (!(await running.service.open())) {
      throw new Error(`${host}:${tcpPort} cannot be listened on: set listener.port to another.`);
    }
  } catch (error) {
    return fail(error as Error, running);
  }
  const { version } = running.snapshots.current;
  obey(running);
  post({ kind: 'listening', version });
}

type Order = Exclude<ToFront, { kind: 'snapshot' | 'snapshot-delta' }>;

/** What came while this thread started, until it can be obeyed. */
const early: Order[] = [];
let obeyOrder = (order: Order): void => {
  early.push(order);
};

function hear(message: ToFront): void {
  if (message.kind === 'snapshot') {
    swapper.takePart(message.part);
    // Not at once: a port hands on what has come meanwhile without a turn for the traffic, and with
    // the next part on its way all 400 of a large registry would be one pause of 200 ms.
    setImmediate(post, { kind: 'part-taken' });
  } else if (message.kind === 'snapshot-delta') {
    swapper.takeDelta(message.delta);
  } else {
    obeyOrder(message);
  }
}

function obey(running: Running): void {
  let draining = false;
  obeyOrder = order => {
    switch (order.kind) {
      case 'events':
        return running.sessions.takeEvents(order.events);
      case 'events-missed':
        return running.sessions.missEvents(order.head);
      case 'replayed':
        return running.sessions.takeReplay(order.ask, order.page);
      case 'idempotency-store':
        return running.idempotency.connect(order.port);
      case 'runs':
        return running.runs.watch(order.open);
      case 'issuers':
        return running.tokens.takeIssuers(order.issuers, order.nonceSecret);
      case 'revoked':
        running.tokens.revoke(order.tokens);
        return post({ kind: 'revoked-heard', tell: order.tell });
      case 'authorized':
        return running.authorization?.take(order.ask, order.reply);
      case 'tune':
        running.pool.tune(order.settings);
        return running.workers.resize(order.settings);
      case 'blocked':
        return running.blocked.replace(order.sources);
      case 'listen':
        if (!draining) running.service.set(order).catch(reportOrder);
        return;
      case 'nonces':
        return running.stores.moveNonces(order.shared as NonceShared);
      case 'traces-taken':
        return running.traces?.taken(order.calls);
      case 'memory':
        return heedMemory(running, order.isShort);
      case 'drain':
        drainDeadlineMs = Math.min(drainDeadlineMs, performance.now() + order.timeoutMs);
        if (draining) {
          lastOrder = order;
          return hasStopped ? running.service.sendAway(order) : undefined;
        }
        draining = true;
        drain(running, order).catch(endAnyway);
    }
  };
  for (const order of early.splice(0)) obeyOrder(order);
  swapper.begin(running.snapshots, delta => afterSwap(running, delta));
}

// Without a handler of its own an uncaught error in this thread would end the whole process.
process.on('uncaughtException', error => {
  const stack = error.stack ?? String(error);
  logThrottled('error', 'Uncaught error in a front thread.', stack, { stack });
});

await run();
