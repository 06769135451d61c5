/** A collector of OpenTelemetry traces: OTLP/HTTP in JSON, decoded by its published mapping. */
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

interface KeyValue {
  readonly key: string;
  readonly value: Readonly<Record<string, unknown>>;
}

interface OtlpSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly KeyValue[];
  readonly status: { readonly code?: number };
}

interface OtlpRequest {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly KeyValue[] };
    readonly scopeSpans: readonly { readonly spans: readonly OtlpSpan[] }[];
  }[];
}

export interface CollectedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  readonly name: string;
  /** Of the protocol: 1 internal, 2 server, 3 client. */
  readonly kind: number;
  readonly ms: number;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly resource: Readonly<Record<string, unknown>>;
  readonly isError: boolean;
}

const STATUS_ERROR = 2;

export class TraceCollector {
  readonly spans: CollectedSpan[] = [];
  readonly bodies: string[] = [];
  readonly requests: { readonly url: string; readonly headers: IncomingHttpHeaders }[] = [];
  /** Statuses of the next answers; 200 where there are none left. */
  readonly refuseWith: number[] = [];
  private readonly server: Server;

  private constructor() {
    this.server = createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      this.requests.push({ url: request.url!, headers: request.headers });
      const status = this.refuseWith.shift() ?? 200;
      if (status === 200) this.take(Buffer.concat(chunks).toString());
      response.writeHead(status, { 'content-type': 'application/json', 'retry-after': '0' });
      response.end('{}');
    });
  }

  static async open(): Promise<TraceCollector> {
    const collector = new TraceCollector();
    const { promise, resolve } = Promise.withResolvers<void>();
    collector.server.listen(0, '127.0.0.1', resolve);
    await promise;
    return collector;
  }

  get endpoint(): string {
    const { port } = this.server.address() as AddressInfo;
    return `http://127.0.0.1:${port}/v1/traces`;
  }

  /** Those of the call with this request id, its server span first. */
  spansOf(requestId: string): readonly CollectedSpan[] {
    const server = this.spans.find(one => one.attributes['xingyun.request.id'] === requestId);
    if (server === undefined) return [];
    return [server, ...this.spans.filter(one => one.parentSpanId === server.spanId)];
  }

  close(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.server.close(() => resolve());
    this.server.closeAllConnections();
    return promise;
  }

  private take(body: string): void {
    this.bodies.push(body);
    for (const { resource, scopeSpans } of (JSON.parse(body) as OtlpRequest).resourceSpans) {
      const attributes = decode(resource.attributes);
      for (const { spans } of scopeSpans) {
        this.spans.push(...spans.map(span => collected(span, attributes)));
      }
    }
  }
}

function collected(span: OtlpSpan, resource: CollectedSpan['resource']): CollectedSpan {
  const { traceId, spanId, parentSpanId, name, kind } = span;
  const nanos = BigInt(span.endTimeUnixNano) - BigInt(span.startTimeUnixNano);
  return {
    ...{ traceId, spanId, parentSpanId, name, kind, resource },
    ms: Number(nanos) / 1e6,
    attributes: decode(span.attributes),
    isError: span.status.code === STATUS_ERROR,
  };
}

/** An integer may come as a string: it has 64 bits. */
function decode(attributes: readonly KeyValue[]): Record<string, unknown> {
  const pairs = attributes.map(({ key, value }) => {
    const [[kind, plain]] = Object.entries(value) as [[string, unknown]];
    return [key, kind === 'intValue' ? Number(plain) : plain];
  });
  return Object.fromEntries(pairs);
}
