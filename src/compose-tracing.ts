/** Tracing in the main thread, where the configuration names a collector. */
import { readTraceHeaders } from './control-plane/config/index.ts';
import type { CallTrace } from './core/call-trace.ts';
import type { Config } from './core/config.ts';
import type { CounterSet } from './core/counters.ts';
import { LogThrottle } from './core/log-throttle.ts';
import type { ProcessLog } from './telemetry/process-log.ts';
import type { SpanExporter } from './telemetry/tracing/index.ts';
import { VERSION } from './version.ts';

export interface TracingParts {
  readonly config: Config;
  readonly counters: CounterSet;
  readonly log: ProcessLog;
}

export class GatewayTracing {
  private readonly exporter: SpanExporter | undefined;

  private constructor(exporter: SpanExporter | undefined) {
    this.exporter = exporter;
  }

  /** @throws Error where the header fields cannot be read any more */
  static async start({ config, counters, log }: TracingParts): Promise<GatewayTracing> {
    const { endpoint, headersFile, serviceName, exportTimeoutMs, bufferMaxSpans } =
      config.telemetry.tracing;
    if (endpoint === undefined) return new GatewayTracing(undefined);
    const headers = headersFile === undefined ? {} : headersOf(headersFile);
    const tracing = await import('./telemetry/tracing/index.ts');
    const throttle = new LogThrottle();
    const exporter = new tracing.SpanExporter({
      sender: tracing.createOtlpSender({ endpoint, headers, exportTimeoutMs }),
      source: tracing.spanSource(serviceName, VERSION),
      ...{ bufferMaxSpans, exportTimeoutMs, counters },
      reportFailure: (reason, spans) => {
        const suppressed = throttle.admit(reason, performance.now());
        if (suppressed === undefined) return;
        log.warn({ reason, spans, suppressed }, 'The collector did not take spans.');
      },
    });
    return new GatewayTracing(exporter);
  }

  take(calls: readonly CallTrace[]): void {
    this.exporter?.take(calls);
  }

  async close(): Promise<void> {
    await this.exporter?.close();
  }
}

function headersOf(file: string): Readonly<Record<string, string>> {
  const { headers, fault } = readTraceHeaders(file);
  if (headers === undefined) throw new Error(`telemetry.tracing.headersFile ${fault}.`);
  return headers;
}
