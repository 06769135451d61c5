/** The section `telemetry.tracing` of the configuration. */
import Type, { type Static } from 'typebox';
import { integer, section } from './config-fields.ts';

export const tracingSection = section('OpenTelemetry traces; off without endpoint.', {
  endpoint: Type.Optional(
    Type.String({
      description:
        'Where spans are posted as OTLP/HTTP in JSON, path included (`/v1/traces`); http on ' +
        'loopback only.',
      pattern: '^https?://[^\\s@]{1,1000}$',
      form: 'a URL of https without a user, or of http on loopback',
    }),
  ),
  headersFile: Type.Optional(
    Type.String({
      description: 'File with header fields for the collector, `name: value`, one a line.',
    }),
  ),
  serviceName: Type.String({
    description: '`service.name` of the spans.',
    default: 'xingyun-gateway',
    pattern: '^[\\x21-\\x7e]{1,128}$',
    form: 'up to 128 visible ASCII characters',
  }),
  sampleRatio: Type.Number({
    description: 'Share of all calls that are sampled when they arrive.',
    default: 0.01,
    minimum: 0,
    maximum: 1,
  }),
  followCaller: Type.Boolean({
    description: 'Whether calls are sampled whose `traceparent` says that its sender does.',
    default: false,
  }),
  slowMs: integer(
    'Calls that took at least this long are sampled; 0: none for that.',
    1_000,
    0,
    600_000,
  ),
  failures: Type.Boolean({
    description:
      'Whether calls are sampled whose status was 500 to 599, or whose answer was broken off.',
    default: true,
  }),
  bufferMaxSpans: integer(
    'Spans that wait for the collector; beyond it they are dropped.',
    8_192,
    64,
    262_144,
  ),
  exportTimeoutMs: integer('How long a batch is tried, retries included.', 10_000, 100, 60_000),
});

export type TracingConfig = Static<typeof tracingSection>;
