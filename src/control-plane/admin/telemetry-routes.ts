/** Health, readiness, metrics, histograms and facts, read from shared memory. */
import type { FastifyInstance } from 'fastify';
import { renderHistogramLog } from '../../telemetry/histogram-log.ts';
import { reportHistograms } from '../../telemetry/histogram-report.ts';
import { type AlertFacts, renderMetrics } from '../../telemetry/prometheus-metrics.ts';
import { PROMETHEUS_CONTENT_TYPE } from '../../telemetry/prometheus-text.ts';
import type { TelemetryReader } from '../../telemetry/telemetry-reader.ts';
import { describeGateway, type GatewayFacts, gatewayInfoSchema } from './gateway-info.ts';
import { adminProblem, sendProblem } from './problems.ts';
import { readSessionsPage, reportSessions } from './sessions-report.ts';

export interface TelemetrySources {
  /** Asked anew for each /readyz; not ready while starting or draining, with the reasons. */
  readonly readiness: () => { readonly ready: boolean; readonly reasons: readonly string[] };
  readonly telemetry: TelemetryReader;
  readonly facts: () => GatewayFacts;
  /** For /metrics; none where nobody judges the traffic. */
  readonly alerts?: () => readonly AlertFacts[];
}

export function addTelemetryRoutes(app: FastifyInstance, sources: TelemetrySources): void {
  const { telemetry, readiness, facts, alerts = () => [] } = sources;
  app.get('/healthz', about('getHealth', 'Whether the process lives.'), () => ({ status: 'ok' }));
  app.get('/readyz', about('getReadiness', 'Whether a call would succeed.'), (_request, reply) => {
    const { ready, reasons } = readiness();
    return reply.code(ready ? 200 : 503).send({ ready, reasons });
  });
  app.get('/metrics', about('getMetrics', 'Metrics for Prometheus.'), (_request, reply) => {
    const text = renderMetrics(telemetry, {
      version: facts().version,
      ready: readiness().ready,
      alerts: alerts(),
    });
    return reply.header('content-type', PROMETHEUS_CONTENT_TYPE).send(text);
  });
  app.get<{ Querystring: { detail?: unknown } }>(
    '/histograms',
    about('getHistograms', 'Latency of each stage and operation; `detail=1` with distributions.'),
    (request, reply) => {
      const { detail = '0' } = request.query;
      if (detail !== '0' && detail !== '1') {
        return sendProblem(reply, adminProblem('malformed-request', '"detail" is 0 or 1.'));
      }
      return reply.send(reportHistograms(telemetry, Date.now(), detail === '1'));
    },
  );
  app.get(
    '/histograms.hlog',
    about('getHistogramLog', 'The same as HdrHistogram log.'),
    (_, reply) => {
      const log = renderHistogramLog(telemetry, Date.now(), `xingyun ${facts().version}`);
      return reply
        .header('content-type', 'text/plain; charset=utf-8')
        .header('content-disposition', 'attachment; filename="xingyun.hlog"')
        .send(log);
    },
  );
  app.get<{ Querystring: Record<string, unknown> }>(
    '/v1/sessions',
    about('getSessions', 'What the WebSocket sessions of each app do.'),
    (request, reply) => {
      const page = readSessionsPage(request.query);
      if ('code' in page) return sendProblem(reply, page);
      return reply.send(reportSessions(telemetry.apps(), facts(), page));
    },
  );
  const { schema } = about('getInfo', 'Version, threads, and the configuration in force.');
  app.get('/v1/info', { schema: { ...schema, response: { 200: gatewayInfoSchema } } }, () =>
    describeGateway(facts(), telemetry.startedAtMs, telemetry.threads()),
  );
}

function about(operationId: string, summary: string) {
  return { schema: { tags: ['gateway'], operationId, summary } };
}
