/**
 * The admin listener: health, metrics and facts for operators, the publication of events for
 * upstream systems, and the control of the registry under /v1. It runs on the main thread, so
 * nothing asked here reaches a partner's request.
 */
import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { type Clock, systemClock } from '../../core/clock.ts';
import type { Config } from '../../core/config.ts';
import type { SignedRequestCheck } from '../../core/signed-requests.ts';
import type { ApprovalRegistry } from '../approvals/approval-desk.ts';
import { ConsoleSessions } from '../console/console-sessions.ts';
import { addConsoleRoutes, type ConsoleSources, takeWebSockets } from '../console/routes.ts';
import { addConsolePage } from '../console/serve-page.ts';
import { OperatorDirectory } from '../operators/operator-directory.ts';
import { AccessGate } from './access-gate.ts';
import { type AdminRoute, answerErrors, RoutePaths } from './answer-errors.ts';
import { addApprovalRoutes } from './approval-routes.ts';
import { addAuditRoutes } from './audit-routes.ts';
import { Authenticator } from './authenticator.ts';
import type { ControlContext } from './control-context.ts';
import { ControlPlane } from './control-plane.ts';
import { HostCheck, isLoopback } from './host-check.ts';
import { addKeyRoutes } from './key-routes.ts';
import { createApp, SECURITY_HEADERS } from './listener-app.ts';
import { addDocumentRoute, describeRoutes } from './openapi.ts';
import { OriginCheck } from './origin-check.ts';
import { sendProblem } from './problems.ts';
import { addPublishRoute, type PublishOptions } from './publish-route.ts';
import { RateLimits } from './rate-limits.ts';
import { addRecordRoutes } from './record-routes.ts';
import { addRegistryRoutes, type RegistryFacts } from './registry-routes.ts';
import { addTelemetryRoutes, type TelemetrySources } from './telemetry-routes.ts';

export type { GatewayFacts } from './gateway-info.ts';
export type { RegistryFacts } from './registry-routes.ts';

/** Of operators and of publishers together. */
const CONNECTIONS_MAX = 256;

/** The control of the registry; without it the listener shows and publishes only. */
export interface ControlOptions {
  readonly registry: ApprovalRegistry;
  readonly registryFacts: () => RegistryFacts;
  /** Adds the routes of the other parts of the control plane. */
  readonly routes?: readonly ((app: FastifyInstance, context: ControlContext) => void)[];
}

export interface AdminListenerOptions extends TelemetrySources, ConsoleSources {
  readonly config: Config['admin'];
  /** Who may ask, the holder of `tokenFile` among them; asked anew for each request. */
  readonly operators?: () => OperatorDirectory;
  /** How signed requests are checked; without it operators have tokens only. */
  readonly signedRequests?: SignedRequestCheck;
  /** Where the built page of the console is; it is not served where absent. */
  readonly consoleFolder?: string;
  /** Content of `events.publisherTokenFile`. */
  readonly publisherToken?: string | undefined;
  readonly publishing: PublishOptions;
  readonly control?: ControlOptions;
  readonly clock?: Clock;
  /** Told about a throw in a handler, which is a bug of ours. */
  readonly reportBug: (error: unknown) => void;
}

export interface AdminListener {
  /** The port that is bound, also where the configured one is 0. */
  readonly port: number;
  /** All that are served. */
  readonly routes: readonly AdminRoute[];
  close(): Promise<void>;
}

/**
 * With the process that it replaces or is replaced by, for a moment (SO_REUSEPORT). Where Node
 * refuses it, as on macOS, a reload fails on the port, and the process before goes on.
 */
const SHARED_PORT: object = process.platform === 'linux' ? { reusePort: true } : {};

const NOBODY = new OperatorDirectory();

/** Starts listening; rejects when the address is taken, or nobody could prove who they are. */
export async function createAdminListener(options: AdminListenerOptions): Promise<AdminListener> {
  const { config, operators = () => NOBODY, publisherToken, clock = systemClock } = options;
  if (publisherToken === '') {
    throw new Error('The publisher token is empty: write one into events.publisherTokenFile.');
  }
  if (operators().isEmpty && !isLoopback(config.host)) {
    throw new Error(
      `The admin listener on ${config.host} needs a token: set admin.tokenFile or ` +
        'admin.operatorsFile, or bind 127.0.0.1.',
    );
  }
  const app = createApp();
  answerErrors(app, options.reportBug);
  const limits = await RateLimits.create(app, config.requestsPerMinuteMax);
  const { signedRequests } = options;
  const sessions = new ConsoleSessions(operators, clock);
  const origins = new OriginCheck(config.publicAuthority);
  const authenticator = new Authenticator({
    ...{ operators, signedRequests, publisherToken, sessions, origins, clock },
  });
  // A scraper on the host itself asks for figures without a token, unless one was made for it.
  const isOpen = isLoopback(config.host) && config.tokenFile === undefined;
  const paths = new RoutePaths();
  paths.watch(app);
  await takeWebSockets(app);
  guardAccess(
    app,
    paths,
    new AccessGate(new HostCheck(config.host), origins, authenticator, limits, isOpen),
  );
  await describeRoutes(app);
  addTelemetryRoutes(app, options);
  if (options.consoleFolder !== undefined) addConsolePage(app, options.consoleFolder);
  const isSecure = config.publicScheme === 'https';
  addConsoleRoutes(app, { ...options, authenticator, sessions, limits, isOpen, isSecure });
  addPublishRoute(app, options.publishing);
  if (options.control !== undefined) addControlRoutes(app, options.control, clock);
  addDocumentRoute(app);
  await app.listen({ host: config.host, port: config.port, ...SHARED_PORT });
  app.server.maxConnections = CONNECTIONS_MAX;
  return {
    port: (app.server.address() as AddressInfo).port,
    routes: paths.routes,
    close: () => app.close(),
  };
}

function guardAccess(app: FastifyInstance, paths: RoutePaths, gate: AccessGate): void {
  AccessGate.decorate(app);
  app.addHook('onRequest', async (request, reply) => {
    reply.headers(SECURITY_HEADERS);
    const refusal = await gate.admit(request, reply);
    if (refusal?.status === 401) reply.header('www-authenticate', 'Bearer realm="xingyun-admin"');
    if (refusal !== undefined) return sendProblem(reply, refusal);
    // Here rather than in a handler, which would read and parse a body for nothing.
    if (request.is404) return paths.refuseUnknown(request, reply);
    return undefined;
  });
}

function addControlRoutes(app: FastifyInstance, options: ControlOptions, clock: Clock): void {
  const { registry, registryFacts, routes = [] } = options;
  const control = new ControlPlane(registry, clock);
  addRecordRoutes(app, control);
  addKeyRoutes(app, control);
  addRegistryRoutes(app, control, registryFacts);
  addApprovalRoutes(app, control);
  addAuditRoutes(app, control);
  for (const add of routes) add(app, control);
}
