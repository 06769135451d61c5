/** The admin listener with the routes of every part of the control plane, as a gateway has it. */
import type { FastifyInstance } from 'fastify';
import type { ControlContext } from '../../../src/control-plane/admin/control-context.ts';
import { addRebuildRoute } from '../../../src/control-plane/admin/rebuild-route.ts';
import {
  addUpstreamHealthRoute,
  type UpstreamReport,
} from '../../../src/control-plane/admin/upstream-health-route.ts';
import type { AdviceSources } from '../../../src/control-plane/advice/measure-traffic.ts';
import { addAdviceRoute } from '../../../src/control-plane/advice/routes.ts';
import { createAlerts } from '../../../src/control-plane/alerts/index.ts';
import { CertificationDesk } from '../../../src/control-plane/certification/certification-desk.ts';
import { addCertificationRoutes } from '../../../src/control-plane/certification/routes.ts';
import { addOnboardingRoutes } from '../../../src/control-plane/onboarding/routes.ts';
import type { RegistryDesk } from '../../../src/control-plane/registry/desk.ts';
import { addRequestRoutes } from '../../../src/control-plane/requests/routes.ts';
import { addShelfRoutes } from '../../../src/control-plane/shelf/index.ts';
import { BlockedSources } from '../../../src/control-plane/tuning/blocked-sources.ts';
import type {
  HostControls,
  TunedSettings,
} from '../../../src/control-plane/tuning/host-controls.ts';
import { addTuningRoutes } from '../../../src/control-plane/tuning/routes.ts';
import { TuningDesk } from '../../../src/control-plane/tuning/tuning-desk.ts';
import type { Clock } from '../../../src/core/clock.ts';
import { CounterSet } from '../../../src/core/counters.ts';
import { RecentRequests } from '../../../src/telemetry/recent-requests.ts';
import { SyntheticTraffic } from '../alerts/synthetic-traffic.ts';
import { AdminUnderTest, type Options } from './admin-fixture.ts';

/** Of the only upstream that is served. */
export const CORE_HEALTH: UpstreamReport = {
  upstream: 'core',
  circuit: { state: 'closed' },
  targets: [{ host: 'a', port: 1, weight: 1, state: 'up' }],
};

export interface Rebuild {
  isDone: boolean;
  /** What each was given to wait. */
  readonly timeoutsMs: number[];
}

export async function startWhole(options: Options = {}, rebuild: Rebuild = aRebuild()) {
  const admin = await AdminUnderTest.start({
    ...options,
    control: { routes: routesWith(rebuild), ...options.control },
  });
  return admin;
}

export function aRebuild(): Rebuild {
  return { isDone: true, timeoutsMs: [] };
}

/** Of a host that cannot be turned. */
function addTuning(app: FastifyInstance, context: ControlContext): void {
  const settings: TunedSettings = {
    ...{ workersPerFront: 1, batchMax: 64, queueMax: 4_096 },
    ...{ placement: 'auto', placements: {}, logLevel: 'info' },
  };
  const nothing = () => undefined;
  const host: HostControls = {
    ...{ settings, configured: settings, kinds: () => [], fronts: () => [] },
    ...{ apply: nothing, setDrained: nothing, setCircuit: nothing, block: nothing },
    circuit: nothing,
  };
  const blocked = new BlockedSources('/nowhere/blocked-sources.json');
  const registry = context.registry as RegistryDesk;
  addTuningRoutes(app, context, {
    host,
    desk: new TuningDesk(host, registry, blocked, context.clock),
  });
}

function routesWith(rebuild: Rebuild) {
  return [
    (app: FastifyInstance) =>
      addRebuildRoute(app, async timeoutMs => {
        rebuild.timeoutsMs.push(timeoutMs);
        return rebuild.isDone;
      }),
    (app: FastifyInstance, context: ControlContext) =>
      addUpstreamHealthRoute(app, context, id => (id === 'core' ? CORE_HEALTH : undefined)),
    (app: FastifyInstance) => addRequestRoutes(app, new RecentRequests(0)),
    (app: FastifyInstance) => addAdviceRoute(app, IDLE),
    (app: FastifyInstance, { clock }: ControlContext) => alertsOf(clock).addRoutes(app),
    addOnboardingRoutes,
    addTuning,
    (app: FastifyInstance, context: ControlContext) => {
      const { clock } = context;
      // As the composition root gives it.
      const registry = context.registry as RegistryDesk;
      const desk = new CertificationDesk({
        ...{ registry, clock },
        reportFailure: () => undefined,
        onOpenRuns: () => undefined,
      });
      addCertificationRoutes(app, context, desk);
    },
    (app: FastifyInstance, context: ControlContext) =>
      addShelfRoutes(app, context, {
        registry: context.registry,
        publicUrl: 'https://api.bank.example',
        documentHosts: [],
        reportBug: error => {
          throw error;
        },
      }),
  ];
}

/** Of a gateway that nobody calls. */
const IDLE: AdviceSources = {
  ...{ frames: () => [], slices: () => [], checkMicros: () => ({}) },
  shape: () => ({ fronts: 1, workers: 1, cores: 2 }),
};

/** With the rules that ship with the gateway. */
function alertsOf(clock: Clock) {
  return createAlerts({
    config: { callsMin: 100, clearMarginPercent: 10, clearSeconds: 60 },
    ...{ clock, history: new SyntheticTraffic(), counters: new CounterSet(), host: 'gw-1' },
    log: { info: () => undefined, warn: () => undefined, error: () => undefined },
  });
}
