/**
 * Composition root of the gateway: config -> stores -> snapshot -> threads -> listeners.
 */
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { choosePort, publicUrl, urlHost } from './addresses.ts';
import { consoleUrl, GatewayAdmin } from './compose-admin.ts';
import { GatewayIdempotency } from './compose-idempotency.ts';
import { GatewayLimits } from './compose-limits.ts';
import { watchMemory } from './compose-memory.ts';
import { GatewayNonces, requireSameNonces } from './compose-nonces.ts';
import { GatewayRegistry } from './compose-registry.ts';
import { GatewayTelemetry } from './compose-telemetry.ts';
import { GatewayTokens } from './compose-tokens.ts';
import { GatewayTracing } from './compose-tracing.ts';
import { GatewayControls } from './compose-tuning.ts';
import { createUpstreamHealth } from './compose-upstreams.ts';
import { loadAnswerSigning } from './control-plane/answers/index.ts';
import { loadConfig, readPayloadKeys } from './control-plane/config/index.ts';
import { EventHub } from './control-plane/events/event-hub.ts';
import { ReplayDesk } from './control-plane/events/replay-desk.ts';
import type { Config } from './core/config.ts';
import type { CounterSet } from './core/counters.ts';
import { LogThrottle } from './core/log-throttle.ts';
import { AccessBlocks } from './runtime/access-blocks.ts';
import { giveHeapsRoom } from './runtime/front-heap.ts';
import { FrontThreads } from './runtime/front-threads.ts';
import type { Gateway } from './runtime/gateway.ts';
import type { PlaceBeside } from './runtime/gateway-messages.ts';
import type { MemoryWatch } from './runtime/memory-watch.ts';
import { fitConnections } from './runtime/open-files.ts';
import type { UpstreamHealth } from './runtime/upstream-health.ts';
import type { EventJournal, EventJournalError } from './stores/contracts.ts';
import type { HostShared, NonceShared } from './stores/shared-memory/index.ts';
import { openEventJournal } from './stores/sqlite/index.ts';
import { createProcessLog, type ProcessLog } from './telemetry/process-log.ts';
import { VERSION } from './version.ts';

/** In stateDir. */
const JOURNAL_FILE = 'events.sqlite';

/**
 * Starts a gateway from its configuration file.
 *
 * @param yielded asked once the configuration was found good: the place of the gateway that this
 *   one replaces, when that has yielded, or none where it has ended
 * @throws Error whose message is one sentence, or a line per problem, for the operator
 */
export async function startGateway(
  configFile: string,
  yielded: () => Promise<PlaceBeside | undefined> = async () => undefined,
): Promise<Gateway> {
  const { config } = loadConfig(configFile);
  const beside = await yielded();
  const { listener, admin } = config;
  if (beside !== undefined) requireSameNonces(config, beside);
  listener.port = await choosePort(listener, beside?.listenerPort, 'listener.port');
  admin.port = await choosePort(admin, beside?.adminPort, 'admin.port');
  const gateway = new RunningGateway(config, beside);
  try {
    await gateway.start();
  } catch (error) {
    await gateway.stop();
    throw error;
  }
  return gateway;
}

class RunningGateway implements Gateway {
  readonly url: string;
  readonly adminUrl: string;
  readonly consoleUrl: string | undefined;
  private readonly config: Config;
  private readonly log: ProcessLog;
  private readonly telemetry: GatewayTelemetry;
  private readonly counters: CounterSet;
  private readonly throttle = new LogThrottle();
  private registry: GatewayRegistry | undefined;
  private journal: EventJournal | undefined;
  private hub: EventHub | undefined;
  private desk: ReplayDesk | undefined;
  private readonly nonces: GatewayNonces;
  private hostShared: { -readonly [K in keyof HostShared]: HostShared[K] } | undefined;
  private readonly isBeside: boolean;
  private access: AccessBlocks | undefined;
  private memory: MemoryWatch | undefined;
  private tracing: GatewayTracing | undefined;
  private fronts: FrontThreads | undefined;
  private admin: GatewayAdmin | undefined;
  private tokens: GatewayTokens | undefined;
  private readonly upstreams: UpstreamHealth;
  private readonly limits: GatewayLimits;
  private readonly idempotency: GatewayIdempotency;
  /** Aborted when the gateway stops. */
  private readonly stopped = new AbortController();
  private stopping: Promise<void> | undefined;

  constructor(config: Config, beside: PlaceBeside | undefined) {
    const scheme = config.listener.tls === undefined ? 'http' : 'https';
    this.config = config;
    this.log = createProcessLog(config.telemetry);
    this.telemetry = new GatewayTelemetry(config, this.log, () => this.fronts?.states() ?? []);
    this.counters = this.telemetry.counters;
    this.url = `${scheme}://${urlHost(config.listener.host)}:${config.listener.port}`;
    this.adminUrl = `http://${urlHost(config.admin.host)}:${config.admin.port}`;
    this.consoleUrl = consoleUrl(this.adminUrl);
    this.upstreams = createUpstreamHealth(config, this.counters, this.log);
    this.limits = new GatewayLimits({ config, counters: this.counters, log: this.log });
    const onRestarted = () => this.fronts?.reconnectStore();
    this.idempotency = new GatewayIdempotency({ config, log: this.log, onRestarted });
    this.isBeside = beside !== undefined;
    // Before any front has them.
    fitConnections(config, (fields, message) => this.log.warn(fields, message));
    this.nonces = new GatewayNonces({
      ...{ config, log: this.log, beside: beside?.nonceSocket },
      onTakenOver: shared => this.takeOver(shared),
      onFailed: error => {
        // What the other one left cannot be had: another start may have it.
        this.log.error({ err: error }, 'The nonces of the gateway before cannot be taken over.');
        void this.stop().then(() => process.exit(1));
      },
    });
  }

  get ready(): Promise<boolean> {
    const { signal } = this.stopped;
    const waitMs = Math.max(0, this.acceptsFromMs - Date.now());
    return delay(waitMs, undefined, { signal }).then(
      () => !signal.aborted,
      () => false,
    );
  }

  async start(): Promise<void> {
    const { config, log } = this;
    await readPayloadKeys(config);
    this.nonces.open();
    this.limits.start(this.isBeside);
    this.telemetry.open();
    await this.idempotency.start();
    const { journal, desk } = this.openEvents();
    const registry = await this.openRegistry();
    const access = await AccessBlocks.open(config.telemetry, this.counters, log);
    this.access = access;
    this.tracing = await GatewayTracing.start({ config, counters: this.counters, log });
    const startVersion = registry.desk.revision;
    const shared = {
      nonces: this.nonces.shared,
      health: this.upstreams.shared,
      limits: this.limits.shared,
    };
    this.hostShared = shared;
    this.fronts = new FrontThreads({
      ...{ config, shared },
      answerSigning: loadAnswerSigning(config.answers),
      snapshot: () => this.snapshotOf(registry),
      journal: () => ({ journalId: journal.journalId, head: journal.head }),
      onReplay: (request, answer) => desk.ask(request, answer),
      onTelemetry: (front, { shared, workers }) => {
        this.telemetry.reader.addFront(`front-${front}`, shared);
        this.telemetry.reader.setWorkers(front, workers);
        access.addFront(front, shared);
      },
      onWorkers: (front, vitals) => this.telemetry.reader.setWorkers(front, vitals),
      onPool: (front, reading) => this.telemetry.pools.set(front, reading),
      onGone: front => this.forgetFront(front),
      onAccess: (front, block) => access.write(front, block),
      onObserved: call => this.admin?.observe(call),
      onTraces: calls => this.tracing?.take(calls),
      idempotencyPort: () => this.idempotency.connectFront(),
      onTokenKeysWanted: issuer => this.tokens?.want(issuer),
      onAuthorization: (request, send) => this.tokens?.answer(request, send),
      revoked: () => this.tokens?.revoked ?? [],
      onCosts: costsMicros => {
        this.telemetry.costsMicros = costsMicros;
      },
      onLog: (front, { level, message, fields }) => log[level]({ front, ...fields }, message),
      onServed: version => {
        if (version > startVersion) log.info({ version }, 'Every front serves this registry.');
      },
    });
    giveHeapsRoom();
    this.tokens = new GatewayTokens({
      config,
      log,
      desk: registry.desk,
      fronts: () => this.fronts,
    });
    const { telemetry, fronts, upstreams } = this;
    const controls = new GatewayControls({ config, log, telemetry, fronts, upstreams });
    await this.fronts.start();
    this.memory = watchMemory({ config, counters: this.counters, log, fronts: this.fronts });
    this.admin = await this.startAdmin(controls);
  }

  /** After the nonces, whose lock keeps other gateways out of stateDir. */
  private openEvents() {
    const { stateDir, events } = this.config;
    const journal = openEventJournal({
      path: join(stateDir, JOURNAL_FILE),
      eventsMax: events.journalMaxEvents,
      bytesMax: events.journalMaxBytes,
    });
    const { counters } = this;
    this.journal = journal;
    this.hub = new EventHub({
      journal,
      counters,
      broadcast: appended => this.fronts!.broadcast(appended),
    });
    const reportFailure = (error: EventJournalError) =>
      this.reportJournal(error, 'Events cannot be read for sessions that resume.');
    this.desk = new ReplayDesk({ journal, counters, reportFailure });
    return { journal, desk: this.desk };
  }

  private reportJournal({ code, message: reason }: EventJournalError, message: string): void {
    const suppressed = this.throttle.admit(`${message} ${code}`, performance.now());
    if (suppressed !== undefined) this.log.error({ code, reason, suppressed }, message);
  }

  /** What is committed before there are fronts is in the snapshot that they start with. */
  private async openRegistry(): Promise<GatewayRegistry> {
    const { config, log } = this;
    this.registry = await GatewayRegistry.open({
      ...{ config, log },
      publish: delta => {
        this.upstreams.take(delta.upstreams);
        this.fronts?.publish(delta);
      },
      served: (revision, timeoutMs) => this.fronts!.served(revision, timeoutMs),
    });
    return this.registry;
  }

  private snapshotOf({ desk }: GatewayRegistry) {
    const snapshot = desk.snapshot();
    this.upstreams.takeAll(snapshot.upstreams);
    return snapshot;
  }

  reload(): void {
    if (this.stopping !== undefined) return;
    this.reloadOperators();
    void this.tokens?.refresh();
    void this.reloadRegistry();
  }

  private reloadOperators(): void {
    if (this.config.admin.operatorsFile === undefined) return;
    try {
      this.admin?.reload();
      this.log.info('The operators were read again.');
    } catch (error) {
      const { message: reason } = error as Error;
      this.log.error({ reason }, 'The new operators were refused; those before stay.');
    }
  }

  private async reloadRegistry(): Promise<void> {
    const { registry, log } = this;
    if (registry === undefined || this.config.registry.store !== 'file') return;
    try {
      await registry.reload();
      log.info({ version: registry.desk.revision }, 'The registry was read again.');
    } catch (error) {
      const { message: reason } = error as Error;
      log.error({ reason }, 'The new registry was refused; the one before stays.');
    }
  }

  async yield(): Promise<PlaceBeside> {
    const { config, registry, hub } = this;
    if (!this.nonces.isOwn || this.stopping !== undefined) {
      throw new Error('the gateway before has not ended yet');
    }
    const nonceSocket = await this.nonces.share();
    await registry!.desk.pause();
    hub!.pause();
    return {
      ...{ listenerPort: config.listener.port, adminPort: config.admin.port, nonceSocket },
      nonceStore: config.signatures.nonceStore,
    };
  }

  resume(): void {
    this.registry?.desk.resume();
    this.hub?.resume();
    void this.nonces.stopSharing();
  }

  /** The process that this one replaced has ended. */
  private takeOver(shared: NonceShared): void {
    // Fronts that are not there yet are given what there is then.
    if (this.hostShared !== undefined) this.hostShared.nonces = shared;
    this.fronts?.moveNonces(shared);
    this.limits.takeOver();
    this.tokens?.takeOver();
    this.log.info('The gateway before has ended.');
  }

  async retire(): Promise<void> {
    const { retireTimeoutMs, retireSpreadMs } = this.config.shutdown;
    // Whoever is asked last has some of the time left.
    this.stopping ??= this.close(retireTimeoutMs, Math.min(retireSpreadMs, retireTimeoutMs / 2));
    return this.stopping;
  }

  stop(): Promise<void> {
    const { drainTimeoutMs } = this.config.shutdown;
    // One that was replaced and waits for its last connections does not wait any longer.
    if (this.stopping !== undefined) this.fronts?.hurry(drainTimeoutMs);
    this.stopping ??= this.close(drainTimeoutMs);
    return this.stopping;
  }

  /**
   * Never rejects: what cannot be closed is logged, and the rest is closed all the same. With
   * `leaveOverMs` another process serves, to which connections move within this time.
   */
  private async close(drainTimeoutMs: number, leaveOverMs?: number): Promise<void> {
    const isReplaced = leaveOverMs !== undefined;
    this.stopped.abort();
    // Operators ask the other one from now on.
    if (isReplaced) await this.closeOne('admin listener', () => this.admin?.close());
    const outcome = await this.fronts?.drain(drainTimeoutMs, leaveOverMs);
    if (outcome !== undefined && outcome.cutExchanges > 0) {
      this.log.warn({ cut: outcome.cutExchanges }, 'Calls were cut at drainTimeoutMs.');
    }
    if (outcome !== undefined && outcome.frontsLeft > 0) {
      this.log.error({ fronts: outcome.frontsLeft }, 'Front threads hang and are left.');
    }
    await this.closeOne('telemetry', () => this.telemetry.close());
    this.memory?.close();
    this.tokens?.close();
    this.upstreams.close();
    await this.closeOne('idempotency keys', () => this.idempotency.close());
    await this.closeOne('quotas', () => this.limits.stop());
    await this.closeOne('access log', () => this.access?.close());
    await this.closeOne('traces', () => this.tracing?.close());
    if (!isReplaced) await this.closeOne('admin listener', () => this.admin?.close());
    this.desk?.close();
    await this.closeOne('event journal', () => this.hub?.close());
    await this.closeOne('registry', () => this.registry?.close());
    await this.closeOne('nonce state', () => this.nonces.close());
  }

  private async closeOne(part: string, close: () => Promise<void> | void): Promise<void> {
    try {
      await close();
    } catch (error) {
      this.log.error({ part, err: error }, 'A part could not be closed.');
    }
  }

  private forgetFront(front: number): void {
    this.upstreams.forgetFront(front);
    this.limits.onFrontGone(front);
    this.telemetry.forgetFront(front);
  }

  private startAdmin(controls: GatewayControls): Promise<GatewayAdmin> {
    const { config, log, counters, telemetry } = this;
    return GatewayAdmin.start({
      ...{ config, log, counters, telemetry: telemetry.reader, gatewayTelemetry: telemetry },
      ...{ registry: this.registry!, fronts: this.fronts!, hub: this.hub! },
      ...{ upstreams: this.upstreams, controls, requests: this.access!.recent },
      publicUrl: publicUrl(config.listener),
      readiness: () => this.readiness(),
      facts: () => ({
        version: VERSION,
        snapshotVersion: this.fronts!.servedVersion,
        costsMicros: this.telemetry.costsMicros,
        ...{ journal: this.journal!, config },
      }),
      reportJournal: (error, message) => this.reportJournal(error, message),
    });
  }

  /** `created` has whole seconds: a signature of the second that just ended is still refused. */
  private get acceptsFromMs(): number {
    return this.nonces.acceptCreatedAfterMs + 1_000;
  }

  private readiness(): { ready: boolean; reasons: string[] } {
    const reasons: string[] = [];
    if (this.stopping !== undefined) reasons.push('The gateway is draining.');
    if (!this.fronts!.allListening) reasons.push('A front thread is being started again.');
    if (this.acceptsFromMs > Date.now()) {
      reasons.push('Signatures are refused that were made before all nonces were known.');
    }
    const ready = reasons.length === 0;
    if (this.memory?.isShort) reasons.push('Memory is short: large bodies are refused.');
    // Calls succeed all the same; it is the next start that will refuse some for a while.
    if (!this.nonces.persistent) {
      reasons.push('Nonces cannot be written any more; the next start will be strict.');
    }
    return { ready, reasons };
  }
}
