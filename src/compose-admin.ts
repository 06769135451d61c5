/**
 * The admin listener's part of the composition root: who may use it, and the parts of the control
 * plane that have routes of their own.
 */
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { GatewayRegistry } from './compose-registry.ts';
import type { GatewayTelemetry } from './compose-telemetry.ts';
import type { GatewayControls } from './compose-tuning.ts';
import { type AdminListener, createAdminListener } from './control-plane/admin/index.ts';
import { addRebuildRoute } from './control-plane/admin/rebuild-route.ts';
import type { TelemetrySources } from './control-plane/admin/telemetry-routes.ts';
import { addUpstreamHealthRoute } from './control-plane/admin/upstream-health-route.ts';
import type { AdviceSources } from './control-plane/advice/measure-traffic.ts';
import { addAdviceRoute } from './control-plane/advice/routes.ts';
import { CertificationDesk } from './control-plane/certification/certification-desk.ts';
import { addCertificationRoutes } from './control-plane/certification/routes.ts';
import { hasPage, PAGE_PATH } from './control-plane/console/serve-page.ts';
import type { EventHub } from './control-plane/events/event-hub.ts';
import { TopicDirectory } from './control-plane/events/topic-directory.ts';
import { ClosingWatch } from './control-plane/onboarding/closing.ts';
import { addOnboardingRoutes } from './control-plane/onboarding/routes.ts';
import { loadOperators } from './control-plane/operators/load-operators.ts';
import { OperatorDirectory } from './control-plane/operators/operator-directory.ts';
import { addRequestRoutes } from './control-plane/requests/routes.ts';
import { addShelfRoutes, PublishGuard } from './control-plane/shelf/index.ts';
import { addTuningRoutes, type TuningParts } from './control-plane/tuning/routes.ts';
import { TuningDesk } from './control-plane/tuning/tuning-desk.ts';
import { systemClock } from './core/clock.ts';
import type { Config } from './core/config.ts';
import type { CounterSet } from './core/counters.ts';
import type { ObservedCall } from './core/observations.ts';
import { createOperatorCheck } from './data-plane/compose-operator-check.ts';
import type { FrontThreads } from './runtime/front-threads.ts';
import type { UpstreamHealth } from './runtime/upstream-health.ts';
import type { EventJournalError } from './stores/contracts.ts';
import type { ProcessLog } from './telemetry/process-log.ts';
import type { RecentRequests } from './telemetry/recent-requests.ts';

/** A checkout serves what `npm run build:console` made, a package what it brings. */
const CONSOLE_FOLDER = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? '../build/console' : './console-page', import.meta.url),
);

/** Where the console is; undefined where its page is not built. */
export function consoleUrl(adminUrl: string): string | undefined {
  return hasPage(CONSOLE_FOLDER) ? `${adminUrl}${PAGE_PATH}` : undefined;
}

export interface AdminParts extends Omit<TelemetrySources, 'alerts'> {
  readonly config: Config;
  readonly log: ProcessLog;
  readonly counters: CounterSet;
  readonly registry: GatewayRegistry;
  readonly fronts: FrontThreads;
  readonly upstreams: UpstreamHealth;
  readonly gatewayTelemetry: GatewayTelemetry;
  readonly controls: GatewayControls;
  readonly hub: EventHub;
  /** The access records that are kept for searches. */
  readonly requests: RecentRequests;
  /** Where partners reach the gateway. */
  readonly publicUrl: string;
  readonly reportJournal: (error: EventJournalError, message: string) => void;
}

export class GatewayAdmin {
  private readonly parts: AdminParts;
  private readonly certification: CertificationDesk;
  private readonly closings: ClosingWatch;
  private readonly tuning: TuningParts;
  private operators: OperatorDirectory;
  private listener: AdminListener | undefined;

  private constructor(parts: AdminParts) {
    const { config, registry, fronts, log } = parts;
    this.parts = parts;
    this.operators = readOperators(config);
    const { controls: host } = parts;
    const desk = new TuningDesk(host, registry.desk, host.blocked, systemClock);
    this.tuning = { host, desk };
    this.certification = new CertificationDesk({
      ...{ registry: registry.desk, clock: systemClock },
      onOpenRuns: runs => fronts.watchRuns(runs),
      reportFailure: (run, reason) =>
        log.error({ run, reason }, 'What was seen of a certification run could not be written.'),
    });
    this.closings = new ClosingWatch({
      registry: registry.desk,
      reportFailure: (partner, reason) =>
        log.error({ partner, reason }, 'The closing of a partner could not be completed yet.'),
    });
  }

  /**
   * Listens.
   *
   * @throws ConfigError where the operators' file is not as it should be
   * @throws Error where the address is taken, or nobody could prove who they are
   */
  static async start(parts: AdminParts): Promise<GatewayAdmin> {
    const admin = new GatewayAdmin(parts);
    admin.certification.start();
    admin.closings.start();
    admin.listener = await admin.listen();
    return admin;
  }

  /** A call of a certification run that a front saw. */
  observe(call: ObservedCall): void {
    this.certification.observe(call);
  }

  /** @throws ConfigError where the operators' file is refused; the operators stay as they were */
  reload(): void {
    this.operators = readOperators(this.parts.config);
  }

  async close(): Promise<void> {
    await this.listener?.close();
    await this.certification.close();
    await this.closings.close();
  }

  private listen(): Promise<AdminListener> {
    const { config, log, counters, registry, fronts, upstreams, hub, publicUrl } = this.parts;
    const { requests, readiness, telemetry, facts, gatewayTelemetry, reportJournal } = this.parts;
    const { feed, history, alerts } = gatewayTelemetry;
    const reportBug = (err: unknown) => log.error({ err }, 'An admin handler threw.');
    const topics = new TopicDirectory(registry.desk);
    return createAdminListener({
      ...{ config: config.admin, readiness, telemetry, facts, feed, history, reportBug },
      alerts: () => alerts.facts(),
      consoleFolder: CONSOLE_FOLDER,
      operators: () => this.operators,
      signedRequests: createOperatorCheck({
        ...{ listener: config.admin, signatures: config.signatures, clock: systemClock },
      }),
      publisherToken: readToken(config.events.publisherTokenFile),
      publishing: {
        ...{ limits: config.events, clock: systemClock, counters },
        directory: () => topics,
        publish: events => hub.publish(events),
        reportFailure: error => reportJournal(error, 'Events cannot be published.'),
      },
      control: {
        registry: new PublishGuard(registry.desk),
        registryFacts: () => registryFacts(registry, fronts),
        routes: [
          app => addRebuildRoute(app, timeoutMs => fronts.rebuild(timeoutMs)),
          (app, context) => addUpstreamHealthRoute(app, context, id => upstreams.report(id)),
          (app, context) => addTuningRoutes(app, context, this.tuning),
          app => addRequestRoutes(app, requests),
          app => addAdviceRoute(app, adviceSources(this.parts)),
          alerts.addRoutes,
          addOnboardingRoutes,
          (app, context) => addCertificationRoutes(app, context, this.certification),
          (app, context) =>
            addShelfRoutes(app, context, {
              ...{ registry: registry.desk, publicUrl, reportBug },
              documentHosts: config.registry.documentHosts,
            }),
        ],
      },
    });
  }
}

function adviceSources({ gatewayTelemetry, fronts, controls }: AdminParts): AdviceSources {
  const { feed, history } = gatewayTelemetry;
  return {
    frames: () => feed.recent,
    slices: spanMs => history.since(spanMs),
    checkMicros: () => gatewayTelemetry.costsMicros,
    shape: () => ({
      fronts: Math.max(1, fronts.states().filter(({ state }) => state !== 'drained').length),
      workers: controls.settings.workersPerFront,
      cores: availableParallelism(),
    }),
  };
}

function registryFacts({ driver }: GatewayRegistry, fronts: FrontThreads) {
  const { lastFailure } = fronts;
  return {
    driver,
    fronts: fronts.servedVersions().map((version, front) => ({ front, version })),
    ...(lastFailure === undefined
      ? {}
      : { lastFailure: { at: `front ${lastFailure.front}`, message: lastFailure.reason } }),
  };
}

function readOperators({ admin }: Config): OperatorDirectory {
  const token = readToken(admin.tokenFile);
  if (admin.operatorsFile !== undefined) return loadOperators(admin.operatorsFile, token);
  return new OperatorDirectory([], token);
}

function readToken(file: string | undefined): string | undefined {
  return file === undefined ? undefined : readFileSync(file, 'utf8').trim();
}
