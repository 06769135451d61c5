// Receives: sampled calls of the fronts, from the main thread.
// Adds: their spans, batches to the collector, counters.
// May refuse: nothing; it is loaded only where tracing is configured (23 MB, 80 ms).

import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { resourceFromAttributes } from '@opentelemetry/resources';
import type { SpanSource } from './call-spans.ts';

export { createOtlpSender } from './otlp-sender.ts';
export { SpanExporter } from './span-exporter.ts';

/** The process as its spans name it. */
export function spanSource(serviceName: string, version: string): SpanSource {
  return {
    resource: resourceFromAttributes({
      'service.name': serviceName,
      'service.version': version,
      'service.instance.id': randomUUID(),
      'host.name': hostname(),
      'process.pid': process.pid,
    }),
    instrumentationScope: { name: 'xingyun-gateway', version },
  };
}
