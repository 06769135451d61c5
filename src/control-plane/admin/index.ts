/**
 * The admin listener: health, readiness, metrics, histograms and facts for operators, and the
 * publication of events for upstream systems. It runs on the main thread and reads shared memory
 * only, so nothing asked here reaches a partner's request.
 */
import type { AddressInfo } from 'node:net';
import {
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  fastify,
} from 'fastify';
import type { Config } from '../../core/config.ts';
import { renderHistogramLog } from '../../telemetry/histogram-log.ts';
import { reportHistograms } from '../../telemetry/histogram-report.ts';
import { renderMetrics } from '../../telemetry/prometheus-metrics.ts';
import { PROMETHEUS_CONTENT_TYPE } from '../../telemetry/prometheus-text.ts';
import type { TelemetryReader } from '../../telemetry/telemetry-reader.ts';
import { AccessGuard, isLoopback } from './access-guard.ts';
import { describeGateway, type GatewayFacts } from './gateway-info.ts';
import { adminProblem, rawProblemResponse, sendProblem } from './problems.ts';
import { addPublishRoute, EVENTS_PATH, type PublishOptions } from './publish-route.ts';
import { readSessionsPage, reportSessions } from './sessions-report.ts';

export type { GatewayFacts } from './gateway-info.ts';

const BODY_MAX_BYTES = 65_536;
const REQUEST_TIMEOUT_MS = 10_000;
const CONNECTION_TIMEOUT_MS = 30_000;
const KEEP_ALIVE_TIMEOUT_MS = 15_000;
/** Of operators and of publishers together. */
const CONNECTIONS_MAX = 256;

/** For answers that are data, never a page, and always of this moment. */
const SECURITY_HEADERS = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};

export interface AdminListenerOptions {
  readonly config: Config['admin'];
  /** Content of `tokenFile`; mandatory outside loopback. */
  readonly token?: string | undefined;
  /** Content of `events.publisherTokenFile`. */
  readonly publisherToken?: string | undefined;
  readonly publishing: PublishOptions;
  /** Asked anew for each /readyz; not ready while starting or draining, with the reasons. */
  readonly readiness: () => { readonly ready: boolean; readonly reasons: readonly string[] };
  readonly telemetry: TelemetryReader;
  readonly facts: () => GatewayFacts;
  /** Told about a throw in a handler, which is a bug of ours. */
  readonly reportBug: (error: unknown) => void;
}

export interface AdminListener {
  /** The port that is bound, also where the configured one is 0. */
  readonly port: number;
  close(): Promise<void>;
}

/** Starts listening; rejects when the address is taken or needs a token that is not there. */
export async function createAdminListener(options: AdminListenerOptions): Promise<AdminListener> {
  const { config, token, publisherToken: publisher } = options;
  if (token === '') throw new Error('The admin token is empty: write one into tokenFile.');
  if (publisher === '') {
    throw new Error('The publisher token is empty: write one into events.publisherTokenFile.');
  }
  if (token === undefined && !isLoopback(config.host)) {
    throw new Error(
      `The admin listener on ${config.host} needs a token: set admin.tokenFile or bind 127.0.0.1.`,
    );
  }
  const app = createApp();
  guardAccess(app, new AccessGuard(config.host, { operator: token, publisher }));
  answerErrors(app, options.reportBug);
  addRoutes(app, options);
  addPublishRoute(app, options.publishing);
  await app.listen({ host: config.host, port: config.port });
  app.server.maxConnections = CONNECTIONS_MAX;
  return {
    port: (app.server.address() as AddressInfo).port,
    close: () => app.close(),
  };
}

function createApp(): FastifyInstance {
  return fastify({
    bodyLimit: BODY_MAX_BYTES,
    connectionTimeout: CONNECTION_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
    forceCloseConnections: true,
    return503OnClosing: false,
    http: { headersTimeout: REQUEST_TIMEOUT_MS },
    clientErrorHandler(_error, socket) {
      const problem = adminProblem('malformed-request', 'The request is not HTTP/1.1.');
      if (socket.writable) socket.end(rawProblemResponse(problem));
    },
    frameworkErrors(_error, _request, reply) {
      const problem = adminProblem('malformed-request', 'The request target cannot be read.');
      reply.headers(SECURITY_HEADERS);
      void sendProblem(reply as FastifyReply, problem);
    },
  });
}

function guardAccess(app: FastifyInstance, guard: AccessGuard): void {
  app.addHook('onRequest', async (request, reply) => {
    reply.headers(SECURITY_HEADERS);
    const { host, authorization } = request.headers;
    const publishes = request.routeOptions.url === EVENTS_PATH && request.method === 'POST';
    const refusal = publishes
      ? guard.checkPublisher(host, authorization)
      : guard.check(host, authorization);
    if (refusal?.status === 401) reply.header('www-authenticate', 'Bearer realm="xingyun-admin"');
    if (refusal !== undefined) return sendProblem(reply, refusal);
    // Here rather than in a handler, which would read and parse a body for nothing.
    if (request.is404) return refuseUnknown(app, request, reply);
    return undefined;
  });
}

/** What a path takes that has a route of this method. */
const ALLOWED = [
  ['GET', 'GET, HEAD'],
  ['POST', 'POST'],
] as const;

function refuseUnknown(app: FastifyInstance, request: FastifyRequest, reply: FastifyReply) {
  const url = request.url.split('?', 1)[0]!;
  for (const [method, allow] of ALLOWED) {
    if (!app.hasRoute({ method, url })) continue;
    reply.header('allow', allow);
    return sendProblem(reply, adminProblem('method-not-allowed', `This path takes ${allow}.`));
  }
  return sendProblem(reply, adminProblem('not-found', 'The admin listener has no such path.'));
}

function answerErrors(app: FastifyInstance, reportBug: (error: unknown) => void): void {
  app.setErrorHandler((error: FastifyError, request, reply) => {
    const { statusCode = 500 } = error;
    if (statusCode === 413) {
      const bytesMax = request.routeOptions.bodyLimit;
      const detail = `The body has more than ${bytesMax} bytes.`;
      return sendProblem(reply, adminProblem('body-too-large', detail));
    }
    if (statusCode === 415) {
      const detail = 'The content-type is application/json.';
      return sendProblem(reply, adminProblem('malformed-request', detail));
    }
    if (statusCode >= 400 && statusCode < 500) {
      return sendProblem(reply, adminProblem('malformed-request', 'The request cannot be read.'));
    }
    reportBug(error);
    return sendProblem(reply, adminProblem('internal-error', 'The error was logged.'));
  });
}

function addRoutes(app: FastifyInstance, options: AdminListenerOptions): void {
  const { telemetry, readiness, facts } = options;
  app.get('/healthz', () => ({ status: 'ok' }));
  app.get('/readyz', (_request, reply) => {
    const { ready, reasons } = readiness();
    return reply.code(ready ? 200 : 503).send({ ready, reasons });
  });
  app.get('/metrics', (_request, reply) => {
    const text = renderMetrics(telemetry, {
      version: facts().version,
      ready: readiness().ready,
    });
    return reply.header('content-type', PROMETHEUS_CONTENT_TYPE).send(text);
  });
  app.get<{ Querystring: { detail?: unknown } }>('/histograms', (request, reply) => {
    const { detail = '0' } = request.query;
    if (detail !== '0' && detail !== '1') {
      return sendProblem(reply, adminProblem('malformed-request', '"detail" is 0 or 1.'));
    }
    return reply.send(reportHistograms(telemetry, Date.now(), detail === '1'));
  });
  app.get('/histograms.hlog', (_request, reply) => {
    const log = renderHistogramLog(telemetry, Date.now(), `xingyun ${facts().version}`);
    return reply
      .header('content-type', 'text/plain; charset=utf-8')
      .header('content-disposition', 'attachment; filename="xingyun.hlog"')
      .send(log);
  });
  app.get<{ Querystring: Record<string, unknown> }>('/v1/sessions', (request, reply) => {
    const page = readSessionsPage(request.query);
    if ('code' in page) return sendProblem(reply, page);
    return reply.send(reportSessions(telemetry.apps(), facts(), page));
  });
  app.get('/v1/info', () => describeGateway(facts(), telemetry.startedAtMs, telemetry.threads()));
}
