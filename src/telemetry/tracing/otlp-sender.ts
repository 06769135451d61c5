import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';

export type FinishedSpan = Parameters<OTLPTraceExporter['export']>[0][number];

/** What becomes of a batch; implemented by the sender and by tests. */
export interface SpanSender {
  /** @throws Error where the collector did not take them; `code` is its status or of the network */
  send(spans: readonly FinishedSpan[]): Promise<void>;
  /** Closes its connections behind what is being sent. */
  close(): Promise<void>;
}

export interface OtlpSenderOptions {
  readonly endpoint: string;
  /** Secrets: never logged. */
  readonly headers: Readonly<Record<string, string>>;
  readonly exportTimeoutMs: number;
}

/** One is sent at a time; more only where a collector goes on past the time limit. */
const CONCURRENT_MAX = 4;

/** OTLP/HTTP in JSON. The library retries with growing pauses within the time limit. */
export function createOtlpSender(options: OtlpSenderOptions): SpanSender {
  const { endpoint, headers, exportTimeoutMs } = options;
  const exporter = new OTLPTraceExporter({
    url: endpoint,
    headers: { ...headers },
    timeoutMillis: exportTimeoutMs,
    concurrencyLimit: CONCURRENT_MAX,
  });
  return {
    send: spans => {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      exporter.export([...spans], ({ code, error }) => {
        if (code === 0) resolve();
        else reject(error ?? new Error('the collector did not take the spans'));
      });
      return promise;
    },
    close: () => exporter.shutdown(),
  };
}
