import Type, { type Static } from 'typebox';
import type { Config } from '../../core/config.ts';
import { recentRequestsMaxBytes } from '../../core/config-recent-requests.ts';
import type { TracingConfig } from '../../core/config-tracing.ts';
import type { JournalState } from '../../core/events.ts';
import type { ThreadReading } from '../../telemetry/telemetry-reader.ts';

/** What main knows about the running gateway. */
export interface GatewayFacts {
  readonly version: string;
  /** Version of the registry snapshot that every front serves. */
  readonly snapshotVersion: number;
  /** Microseconds of one check by algorithm, as measured at start. */
  readonly costsMicros: Readonly<Record<string, number>>;
  /** Where the event journal stands. */
  readonly journal: JournalState;
  readonly config: Config;
}

/** What is sampled for traces, and where they go. */
const TracingFacts = Type.Object({
  on: Type.Boolean({ description: 'Whether a collector is configured.' }),
  collector: Type.Union([Type.String(), Type.Null()], {
    description: 'Its host and port, no path and no query; null without one.',
  }),
  serviceName: Type.String({ description: '`service.name` of the spans.' }),
  sampleRatio: Type.Number({ description: 'Share of all calls, drawn when they arrive.' }),
  followCaller: Type.Boolean({ description: 'Whether a caller’s sampled flag decides too.' }),
  slowMs: Type.Integer({ description: 'Calls that took so long are sampled; 0: none for that.' }),
  failures: Type.Boolean({ description: 'Whether calls that failed are sampled.' }),
});

/** Of the answer of /v1/info, what has a schema; the other members are as they come. */
export const gatewayInfoSchema = Type.Object(
  {
    version: Type.String({ description: 'Of the gateway.' }),
    node: Type.String(),
    pid: Type.Integer(),
    startedAt: Type.String({ format: 'date-time' }),
    snapshotVersion: Type.Integer({ description: 'Of the registry that every front serves.' }),
    config: Type.Object(
      {
        telemetry: Type.Object({ tracing: TracingFacts }, { additionalProperties: true }),
      },
      { additionalProperties: true, description: 'The configuration in force.' },
    ),
  },
  { additionalProperties: true, description: 'No secret, and no file that holds one.' },
);

/** The answer of /v1/info: no secret, and no path of a file that holds one. */
export function describeGateway(
  facts: GatewayFacts,
  startedAtMs: number,
  threads: readonly ThreadReading[],
) {
  const { config } = facts;
  const { tls, host, port, publicAuthority, publicScheme } = config.listener;
  const { publisherTokenFile, ...events } = config.events;
  const { journalId, head } = facts.journal;
  return {
    version: facts.version,
    node: process.version,
    pid: process.pid,
    startedAt: new Date(startedAtMs).toISOString(),
    snapshotVersion: facts.snapshotVersion,
    costsMicros: facts.costsMicros,
    journal: { journalId, head },
    threads,
    config: {
      listener: {
        host,
        port,
        publicAuthority,
        publicScheme,
        tls: tls !== undefined,
        clientCertificate: tls?.clientCertificate ?? 'off',
      },
      admin: {
        host: config.admin.host,
        port: config.admin.port,
        authenticated:
          config.admin.tokenFile !== undefined || config.admin.operatorsFile !== undefined,
      },
      fronts: config.fronts,
      limits: config.limits,
      signatures: config.signatures,
      webSocket: config.webSocket,
      events: { publisher: publisherTokenFile !== undefined, ...events },
      workers: config.workers,
      telemetry: {
        operationHistogramsMax: config.telemetry.operationHistogramsMax,
        appFiguresMax: config.telemetry.appFiguresMax,
        accessLog: config.telemetry.accessLog,
        accessLogBufferMaxBytes: config.telemetry.accessLogBufferMaxBytes,
        recentRequestsMaxBytes: recentRequestsMaxBytes(config.telemetry),
        logLevel: config.telemetry.logLevel,
        tracing: describeTracing(config.telemetry.tracing),
      },
      shutdown: config.shutdown,
    },
  };
}

/** A path or a query may hold what lets in at the collector. */
function describeTracing(tracing: TracingConfig): Static<typeof TracingFacts> {
  const { endpoint, serviceName, sampleRatio, followCaller, slowMs, failures } = tracing;
  return {
    on: endpoint !== undefined,
    collector: endpoint === undefined ? null : new URL(endpoint).host,
    ...{ serviceName, sampleRatio, followCaller, slowMs, failures },
  };
}
