/**
 * The front threads as the main thread sees them: started, watched, given snapshots, drained.
 *
 * A front is asked to close and never terminated: terminating a thread that listens ends the whole
 * process (native-notes/). One that ends by itself is replaced; its telemetry is retired first, so
 * that counters never go back.
 */
import { randomBytes } from 'node:crypto';
import { Worker } from 'node:worker_threads';
import type { RevokedToken } from '../core/authorization.ts';
import type { Config } from '../core/config.ts';
import type { EventRecord } from '../core/events.ts';
import type { OpenRun } from '../core/observations.ts';
import { type PoolSettings, poolSettings } from '../core/pool-settings.ts';
import type { SnapshotDelta } from '../core/snapshot.ts';
import { SnapshotParts } from '../core/snapshot-parts.ts';
import type { TokenIssuer } from '../core/token-issuers.ts';
import type { FromFront, FrontWorkerData, ToFront } from '../data-plane/front-messages.ts';
import type { HostShared, NonceShared } from '../stores/shared-memory/index.ts';
import type { FrontTelemetryShared } from '../telemetry/front-telemetry.ts';
import { EventBacklog } from './event-backlog.ts';
import { askAuthorization, askReplay } from './front-questions.ts';
import { createSlot, type FrontSlot, RESTART_PAUSE_MS } from './front-slot.ts';
import type { DrainOutcome, FrontState, SwapFailure } from './front-states.ts';
import type { FrontThreadsOptions } from './front-threads-options.ts';
import { RegistryFeed } from './registry-feed.ts';
import { RevocationNews } from './revocation-news.ts';
import { ServedWaiters } from './served-waiters.ts';
import { withinMs } from './within-ms.ts';

type Message = FromFront<FrontTelemetryShared>;
type SwapFailedMessage = Extract<Message, { kind: 'swap-failed' }>;
type HeardElsewhere = 'listening' | 'failed' | 'replay' | 'authorization' | 'revoked-heard';

const RESTART_PAUSE_MAX_MS = 5_000;
/** Who may wait for a registry that is compiled anew. */
const REBUILDS_MAX = 8;
/** How much longer than its time limit a front may take to end: more than it takes to close. */
const DRAIN_GRACE_MS = 5_000;

export class FrontThreads {
  private readonly options: FrontThreadsOptions;
  private readonly entry: URL;
  private readonly slots: FrontSlot[];
  private readonly waiters = new ServedWaiters();
  private readonly revocations = new RevocationNews();
  /** The whole that was cut last, as long as a front still gets it. */
  private parts: WeakRef<SnapshotParts> | undefined;
  private publishedVersion = 0;
  private failure: SwapFailure | undefined;
  private readonly nonceSecret = randomBytes(32).toString('base64');
  /** The last of each kind, for fronts that start later. */
  private readonly standing = new Map<ToFront['kind'], ToFront<NonceShared>>();
  private pool: PoolSettings;
  private draining = false;
  private cutExchanges = 0;

  constructor(options: FrontThreadsOptions) {
    const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
    this.options = options;
    this.pool = poolSettings(options.config.workers);
    this.entry =
      options.entry ?? new URL(`../data-plane/front-thread.${extension}`, import.meta.url);
    this.slots = Array.from({ length: options.config.fronts.count }, () => createSlot());
    this.giveIssuers([]);
  }

  /** Starts all fronts; rejects with the first one's reason when it cannot listen. */
  async start(): Promise<void> {
    await Promise.all(this.slots.map((slot, index) => this.startFront(slot, index)));
  }

  get allListening(): boolean {
    return this.slots.every(slot => slot.listening);
  }

  /** Of each front: whether it takes connections, is out of service, or is being started. */
  states(): readonly FrontState[] {
    return this.slots.map(({ listening, isDrained, restarts }, front) => {
      const state = isDrained ? 'drained' : listening ? 'listening' : 'starting';
      return { front, state, restarts };
    });
  }

  get poolSettings(): PoolSettings {
    return this.pool;
  }

  /** Of every front, also of those that are started later. */
  tune(settings: PoolSettings): void {
    this.pool = settings;
    this.tellAll({ kind: 'tune', settings });
  }

  block(sources: readonly string[]): void {
    this.orderAll({ kind: 'blocked', sources });
  }

  /** Takes a front out of service, or back; one that is started again meanwhile stays out. */
  setDrained(front: number, isDrained: boolean, leaveOverMs: number): void {
    const slot = this.slots[front]!;
    slot.isDrained = isDrained;
    slot.listenOrders += 1;
    const number = slot.listenOrders;
    const order: ToFront = { kind: 'listen', number, isListening: !isDrained, leaveOverMs };
    slot.worker?.postMessage(order);
  }

  /** The version of the registry that every front serves, or has left behind. */
  get servedVersion(): number {
    return Math.min(...this.servedVersions());
  }

  /** The version that each front serves, or served last where it is being started again. */
  servedVersions(): readonly number[] {
    return this.slots.map(slot => slot.servedVersion);
  }

  /** The last refusal of a version that its front has not left behind since. */
  get lastFailure(): SwapFailure | undefined {
    return this.failure;
  }

  /**
   * Whether every front serves this version or a later one within `timeoutMs`; false at once where
   * one has refused it. `lastFailure` says why.
   */
  served(version: number, timeoutMs: number): Promise<boolean> {
    return this.waiters.wait(version, this.servedVersion, timeoutMs);
  }

  /** Publishes a change to every front; each applies it beside its traffic and swaps it whole. */
  publish(delta: SnapshotDelta): void {
    this.publishedVersion = delta.version;
    for (const { feed } of this.slots) feed?.publish(delta);
  }

  /** Publishes the registry as it is now, compiled anew by every front. */
  publishAll(): void {
    this.parts = undefined;
    for (const { feed } of this.slots) feed?.sendWhole();
  }

  /**
   * Has every front compile the registry anew as it is now. False where a front cannot, where it
   * takes longer than `timeoutMs`, or where too many wait for it already.
   */
  async rebuild(timeoutMs: number): Promise<boolean> {
    if (this.slots.some(({ rebuilds }) => rebuilds.size >= REBUILDS_MAX)) return false;
    const deadline = AbortSignal.timeout(timeoutMs);
    const outcomes = this.slots.map(slot => {
      const { promise, resolve } = Promise.withResolvers<boolean>();
      slot.rebuilds.add(resolve);
      deadline.addEventListener('abort', () => resolve(false));
      return promise.finally(() => slot.rebuilds.delete(resolve));
    });
    this.publishAll();
    return (await Promise.all(outcomes)).every(isDone => isDone);
  }

  /**
   * Hands events to every front that was started, whether it listens yet or not: what was appended
   * before is behind the position that it was started with.
   */
  broadcast(events: readonly EventRecord[]): void {
    for (const slot of this.slots) slot.events?.send(events);
  }

  /** Has every front tell of the calls of these certification runs, and of no others. */
  watchRuns(runs: readonly OpenRun[]): void {
    this.orderAll({ kind: 'runs', open: runs });
  }

  /** Whose tokens count, with which keys. */
  giveIssuers(issuers: readonly TokenIssuer[]): void {
    this.orderAll({ kind: 'issuers', issuers, nonceSecret: this.nonceSecret });
  }

  /** Resolves when no front takes these tokens any more, or one hangs. */
  revoke(tokens: readonly RevokedToken[]): Promise<void> {
    return this.revocations.tell(
      this.slots.flatMap(({ worker }) => worker ?? []),
      tokens,
    );
  }

  /** The thread that keeps idempotency keys is another one. */
  reconnectStore(): void {
    for (const { worker } of this.slots) if (worker !== undefined) this.connectStore(worker);
  }

  /** The nonces of the process that was replaced are here. */
  moveNonces(shared: NonceShared): void {
    this.tellAll({ kind: 'nonces', shared });
  }

  tellMemory(isShort: boolean): void {
    this.tellAll({ kind: 'memory', isShort });
  }

  /** Fronts that drain have no longer than this. */
  hurry(timeoutMs: number): void {
    const message: ToFront = { kind: 'drain', timeoutMs };
    for (const { worker } of this.slots) worker?.postMessage(message);
  }

  /**
   * Drains every front: what is in flight is cut after `timeoutMs`. With `leaveOverMs` it also
   * waits for connections on which nothing is in flight, and asks them to leave within this time.
   */
  async drain(timeoutMs: number, leaveOverMs?: number): Promise<DrainOutcome> {
    this.draining = true;
    this.waiters.close();
    const message: ToFront = { kind: 'drain', timeoutMs, leaveOverMs };
    const ends: Promise<void>[] = [];
    for (const slot of this.slots) {
      clearTimeout(slot.restartTimer);
      if (slot.worker === undefined) continue;
      const { promise, resolve } = Promise.withResolvers<void>();
      slot.worker.once('exit', () => resolve());
      slot.worker.postMessage(message);
      ends.push(promise);
    }
    await withinMs(timeoutMs + DRAIN_GRACE_MS, Promise.all(ends));
    const frontsLeft = this.slots.filter(({ worker }) => worker !== undefined).length;
    return { cutExchanges: this.cutExchanges, frontsLeft };
  }

  private orderAll(order: ToFront<NonceShared>): void {
    this.standing.set(order.kind, order);
    this.tellAll(order);
  }

  private tellAll(message: ToFront<NonceShared>): void {
    for (const { worker } of this.slots) worker?.postMessage(message);
  }

  private get config(): Config {
    const { config } = this.options;
    return { ...config, workers: { ...config.workers, ...this.pool } };
  }

  private connectStore(worker: Worker): void {
    const port = this.options.idempotencyPort();
    worker.postMessage({ kind: 'idempotency-store', port } satisfies ToFront, [port]);
  }

  /** Resolves when the front listens; rejects with its reason when it has ended before. */
  private startFront(slot: FrontSlot, index: number): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const workerData: FrontWorkerData<HostShared> = {
      index,
      config: this.config,
      shared: this.options.shared,
      answerSigning: this.options.answerSigning,
      journal: this.options.journal(),
    };
    const worker = new Worker(this.entry, { workerData, name: `front-${index}` });
    let reason: Error | undefined;
    slot.worker = worker;
    slot.feed = this.createFeed(worker);
    slot.feed.sendWhole();
    for (const order of this.standing.values()) worker.postMessage(order);
    void this.revocations.tell([worker], this.options.revoked?.() ?? []);
    this.connectStore(worker);
    slot.events = new EventBacklog(message => worker.postMessage(message));
    worker.on('message', (message: Message) => {
      if (message.kind === 'listening') {
        this.onListening(slot, index, message.version);
        resolve();
      } else if (message.kind === 'failed') reason = new Error(message.message);
      else if (message.kind === 'replay') askReplay(worker, message, this.options);
      else if (message.kind === 'authorization') askAuthorization(worker, message, this.options);
      else if (message.kind === 'revoked-heard') this.revocations.heard(worker, message.tell);
      else this.hear(slot, index, message);
    });
    worker.on('error', error => {
      reason = error as Error;
    });
    worker.once('exit', code => {
      reason ??= new Error(`Front thread ${index} ended with status ${code}.`);
      const wasListening = slot.listening;
      slot.worker = undefined;
      this.revocations.forget(worker);
      slot.feed = undefined;
      slot.events = undefined;
      slot.listening = false;
      this.options.onGone(index);
      reject(reason);
      if (wasListening) this.restartLater(slot, index, reason);
    });
    return promise;
  }

  private onListening(slot: FrontSlot, index: number, version: number): void {
    slot.listening = true;
    slot.pauseMs = RESTART_PAUSE_MS;
    if (slot.isDrained) this.setDrained(index, true, 0);
    this.onServing(slot, index, version);
  }

  private onServing(slot: FrontSlot, index: number, version: number): void {
    const before = this.servedVersion;
    const { failure } = this;
    slot.servedVersion = version;
    if (failure?.front === index && failure.version <= version) this.failure = undefined;
    if (this.servedVersion <= before) return;
    this.waiters.onServed(this.servedVersion);
    this.options.onServed(this.servedVersion);
  }

  private onSwapFailed(slot: FrontSlot, index: number, failed: SwapFailedMessage): void {
    const { version, isWhole, reason } = failed;
    this.failure = { front: index, version, reason };
    if (isWhole) this.waiters.onRefused(version);
    slot.feed?.onSwapFailed(version, isWhole);
    if (isWhole) for (const settle of slot.rebuilds) settle(false);
  }

  /** Of one thread: what another one in its place is sent, it must not count. */
  private createFeed(worker: Worker): RegistryFeed {
    const post = (message: ToFront) => worker.postMessage(message);
    return new RegistryFeed({ post, whole: () => this.cutWhole() });
  }

  /** Fronts that start or publish together are sent the same parts. */
  private cutWhole(): SnapshotParts {
    const known = this.parts?.deref();
    if (known !== undefined && known.version >= this.publishedVersion) return known;
    const parts = new SnapshotParts(this.options.snapshot());
    this.publishedVersion = Math.max(this.publishedVersion, parts.version);
    this.parts = new WeakRef(parts);
    return parts;
  }

  private hear(
    slot: FrontSlot,
    index: number,
    message: Exclude<Message, { kind: HeardElsewhere }>,
  ): void {
    switch (message.kind) {
      case 'telemetry':
        return this.options.onTelemetry(index, message);
      case 'access':
        return this.options.onAccess(index, message.block);
      case 'traces':
        this.options.onTraces?.(message.calls);
        slot.worker?.postMessage({ kind: 'traces-taken', calls: message.calls.length });
        return;
      case 'token-keys-wanted':
        return this.options.onTokenKeysWanted?.(message.issuer);
      case 'observed':
        return this.options.onObserved?.(message.call);
      case 'log':
        return this.options.onLog(index, message);
      case 'part-taken':
        return slot.feed?.onPartTaken();
      case 'swapped':
        slot.feed?.onSwapped(message.version);
        if (message.isWhole) for (const settle of slot.rebuilds) settle(true);
        return this.onServing(slot, index, message.version);
      case 'swap-failed':
        return this.onSwapFailed(slot, index, message);
      case 'events-delivered':
        return slot.events?.onDelivered(message.characters);
      case 'listens':
        // One that is overtaken by the next order says what holds no more.
        if (message.number === slot.listenOrders) slot.isDrained = !message.isListening;
        return;
      case 'workers':
        return this.options.onWorkers(index, message.workers);
      case 'pool':
        return this.options.onPool(index, message.reading);
      case 'costs':
        return this.options.onCosts(message.costsMicros);
      case 'drained':
        this.cutExchanges += message.cutExchanges;
        return;
    }
  }

  private restartLater(slot: FrontSlot, index: number, reason: Error): void {
    if (this.draining) return;
    const { pauseMs } = slot;
    slot.pauseMs = Math.min(pauseMs * 2, RESTART_PAUSE_MAX_MS);
    slot.restarts += 1;
    slot.restartTimer = setTimeout(() => {
      this.startFront(slot, index).catch((error: Error) => this.restartLater(slot, index, error));
    }, pauseMs);
    const fields = { reason: reason.message, stack: reason.stack, pauseMs };
    const message = 'A front thread ended and is started again.';
    this.options.onLog(index, { kind: 'log', level: 'error', message, fields });
  }
}
