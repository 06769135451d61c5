import type { Config } from '../../core/config.ts';
import { recentRequestsMaxBytes } from '../../core/config-recent-requests.ts';
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
      },
      shutdown: config.shutdown,
    },
  };
}
