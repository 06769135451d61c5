/**
 * The schema of `xingyun.yaml`: every option with its unit in its name, a default and a maximum.
 * docs/configuration.md is generated from it.
 */
import Type, { type Static } from 'typebox';
import { alertsSection } from './config-alerts.ts';
import { answersSection } from './config-answers.ts';
import { authorizationSection } from './config-authorization.ts';
import { integer, section } from './config-fields.ts';
import { payloadKeyFields } from './config-payload-keys.ts';
import { recentRequestsOption } from './config-recent-requests.ts';
import { tokensSection } from './config-tokens.ts';
import { tracingSection } from './config-tracing.ts';
import { workersSection } from './config-workers.ts';

const authority = (description: string) =>
  Type.Optional(
    Type.String({
      description,
      pattern: '^([A-Za-z0-9._-]{1,253}|\\[[0-9A-Fa-f:.]{2,45}\\])(:[1-9][0-9]{0,4})?$',
      form: 'a host name or address (IPv6 in brackets), with :port where it has one',
    }),
  );

const urlScheme = (description: string) =>
  Type.Optional(Type.Enum(['http', 'https'], { description }));

export const ConfigSchema = Type.Object(
  {
    registryFile: Type.String({
      description: 'The registry as a file, relative to this one; `registry.store` says its part.',
      default: 'registry.yaml',
    }),
    stateDir: Type.String({
      description:
        'Where the gateway keeps what must outlive a restart (nonces, events, the registry), ' +
        'relative to this file.',
      default: '.xingyun/state',
    }),
    registry: section('Where the registry is kept (docs/registry.md).', {
      store: Type.Enum(['sqlite', 'postgres', 'file'], {
        description:
          '`sqlite`, a database in stateDir; `postgres`, one that several hosts share; `file`: ' +
          'registryFile is the registry, read again on SIGHUP, and the admin API changes nothing.',
        default: 'sqlite',
      }),
      fileAtStart: Type.Enum(['seed', 'apply'], {
        description:
          'What becomes of registryFile beside a database: `seed`, it fills an empty one; ' +
          '`apply`, its records are created or changed at every start. It removes nothing.',
        default: 'seed',
      }),
      postgresUrlFile: Type.Optional(
        Type.String({
          description: 'File with the URL of the database: `postgres://user:password@host/name`.',
        }),
      ),
      secretKeyFile: Type.Optional(
        Type.String({
          description:
            'File with the keys that seal secrets in the registry; made in stateDir where it is ' +
            'absent. Mandatory with `postgres`, the same on every host.',
        }),
      ),
      documentHosts: Type.Array(
        Type.String({
          pattern: '^[A-Za-z0-9.-]{1,253}(:[1-9][0-9]{0,4})?$',
          form: 'a host name, with :port where it is not 443',
        }),
        {
          description: 'Hosts from which OpenAPI documents may be fetched over https.',
          default: [],
          maxItems: 100,
        },
      ),
    }),
    listener: section('Where partners connect.', {
      host: Type.String({ description: 'Address to bind.', default: '127.0.0.1' }),
      port: integer('TCP port.', 8080, 0, 65_535),
      publicAuthority: authority(
        'The authority in the partners’ URLs: the host, and the port where it is not the ' +
          'scheme’s own. Signatures are checked against it. Mandatory where host is a ' +
          'wildcard (`0.0.0.0`, `::`); where absent, the listener’s own address.',
      ),
      publicScheme: urlScheme(
        'The scheme in the partners’ URLs where TLS ends in front of the gateway.',
      ),
      tls: Type.Optional(
        Type.Object(
          {
            certFile: Type.String({ description: 'Certificate chain, PEM.' }),
            keyFile: Type.String({ description: 'Private key, PEM.' }),
            clientCaFile: Type.Optional(
              Type.String({ description: 'Authorities for client certificates, PEM.' }),
            ),
            clientCertificate: Type.Enum(['off', 'optional', 'required'], {
              description: 'Whether a client certificate is asked for.',
              default: 'off',
            }),
          },
          { description: 'TLS; absent for plain HTTP.', additionalProperties: false },
        ),
      ),
    }),
    admin: section('Where operators connect.', {
      host: Type.String({
        description: 'Address to bind. Outside loopback tokenFile or operatorsFile is mandatory.',
        default: '127.0.0.1',
      }),
      port: integer('TCP port.', 9090, 0, 65_535),
      tokenFile: Type.Optional(
        Type.String({ description: 'File with the bearer token that every admin request needs.' }),
      ),
      operatorsFile: Type.Optional(
        Type.String({
          description: 'Who may use `/v1`, with which roles and keys (docs/admin-api.md).',
        }),
      ),
      publicAuthority: authority(
        'The authority in the operators’ URLs, against which their signatures are checked; where ' +
          'absent, the admin listener’s own address.',
      ),
      publicScheme: urlScheme(
        'The scheme in the operators’ URLs where TLS ends in front of the admin listener.',
      ),
      requestsPerMinuteMax: integer('Requests of one operator.', 1_200, 10, 1_000_000),
    }),
    fronts: section('Front threads.', {
      count: integer('Front threads, each with its own pool.', 1, 1, 64),
    }),
    limits: section('What one partner or all of them together may take.', {
      connectionsMax: integer(
        'Open connections per front; fewer where the process may not open as many files.',
        19_000,
        1,
        1_000_000,
      ),
      activePerSourceMax: integer(
        'Connections of one source address (of IPv6 its /64) with a call in flight, per front.',
        19_000,
        1,
        1_000_000,
      ),
      exchangesInFlightMax: integer('Exchanges in flight per front.', 20_000, 1, 1_000_000),
      headersMax: integer('Header fields of a request.', 98, 8, 98),
      bodyMaxBytes: integer('Largest request body.', 1_048_576, 0, 67_108_864),
      bodiesBufferedMaxBytes: integer(
        'Bytes of requests, and of answers gathered to be converted, kept or signed, per front.',
        268_435_456,
        65_536,
        8_589_934_592,
      ),
      memoryMaxMb: integer(
        'Resident memory of the process, at nine tenths of which bodies above 16 KiB and new ' +
          'sessions are refused; 0: what its control group allows.',
        0,
        0,
        16_777_216,
      ),
      bodyTimeoutMs: integer('From the head to the last body byte.', 15_000, 100, 600_000),
      respondTimeoutMs: integer(
        'Longest pause in which the peer reads nothing of its answer.',
        30_000,
        100,
        600_000,
      ),
    }),
    tokens: tokensSection,
    authorization: authorizationSection,
    signatures: section('Signatures of every scheme (docs/schemes.md).', {
      createdMaxAgeMs: integer('Oldest `created` that is accepted.', 60_000, 1_000, 3_600_000),
      clockSkewMs: integer('How far `created` may lie in the future.', 5_000, 0, 300_000),
      noncesMax: integer('Nonces remembered at once.', 1_048_576, 1_024, 67_108_864),
      nonceStore: Type.Enum(['host', 'redis'], {
        description:
          'Who must not have seen a nonce: `host`, this host; `redis`, any host ' +
          '(`redis.urlFile`), and calls are refused while it cannot be asked.',
        default: 'host',
      }),
      failuresPerMinuteMax: integer(
        'Signatures of one source that do not verify; beyond it, its calls are refused before ' +
          'they are checked. 0 for no limit.',
        600,
        0,
        1_000_000,
      ),
      failuresBurstMax: integer('Such signatures at once.', 100, 1, 1_000_000),
      labelsMax: integer('Labelled signatures looked at per request.', 4, 1, 16),
      componentsMax: integer('Covered components per signature.', 64, 4, 256),
    }),
    webSocket: section('Sessions over WebSocket (docs/websocket.md). Limits are per front.', {
      path: Type.String({
        description: 'Where the handshake is taken.',
        default: '/ws',
        pattern: '^(/[A-Za-z0-9_-]{1,64}){1,4}$',
        form: 'a path of one to four plain segments',
      }),
      connectionsPerAppMax: integer('Open sessions of one app.', 1_024, 1, 1_000_000),
      messageMaxBytes: integer('Largest message of a partner.', 262_144, 1_024, 16_777_216),
      batchMax: integer('Messages in a batch.', 32, 1, 1_024),
      messagesInFlightMax: integer('Calls in flight of one session.', 64, 1, 4_096),
      messagesPerSecondMax: integer(
        'Messages of one app in a second; a large one counts once more for each full kilobyte.',
        10_000,
        1,
        1_000_000,
      ),
      messagesBurstMax: integer('Messages of one app at once.', 2_000, 1, 1_000_000),
      subscriptionsMax: integer('Topics of one session.', 32, 1, 1_024),
      idleTimeoutMs: integer('A peer that is silent this long is cut.', 60_000, 8_000, 960_000),
      answerMaxBytes: integer('Largest body of an answer.', 1_048_576, 1_024, 16_777_216),
      sendBufferMaxBytes: integer(
        'Bytes that wait for a slow peer before it gets no event and no new call.',
        1_048_576,
        16_384,
        67_108_864,
      ),
      sendBuffersMaxBytes: integer(
        'Bytes that wait for all slow peers together.',
        268_435_456,
        1_048_576,
        8_589_934_592,
      ),
      slowConsumerTimeoutMs: integer(
        'How long a peer may read nothing of what waits for it.',
        30_000,
        1_000,
        600_000,
      ),
      compression: Type.Enum(['off', 'shared'], {
        description: 'permessage-deflate (RFC 7692); `shared`: one compressor a thread.',
        default: 'off',
      }),
    }),
    events: section('Events that upstream systems publish and sessions subscribe to.', {
      publisherTokenFile: Type.Optional(
        Type.String({
          description:
            'File with the bearer token of `POST /v1/events`; nothing is published without it.',
        }),
      ),
      eventMaxBytes: integer('Largest data of an event.', 65_536, 256, 1_048_576),
      publishMax: integer('Events in one publication.', 500, 1, 5_000),
      journalMaxEvents: integer('Events that the journal keeps.', 100_000, 100, 10_000_000),
      journalMaxBytes: integer(
        'Bytes of events that the journal keeps.',
        268_435_456,
        1_048_576,
        17_179_869_184,
      ),
    }),
    policy: section('Rates, quotas and calls in flight (docs/policy.md).', {
      store: Type.Enum(['host', 'redis'], {
        description:
          'Where they are counted: `host`, in the memory of this host, exact over its fronts; ' +
          '`redis`, for all hosts together (`redis.urlFile`).',
        default: 'host',
      }),
      limitsMax: integer(
        'Limits of apps, partners, plans and operations that are counted at once on this host.',
        262_144,
        1_024,
        16_777_216,
      ),
      sketchCells: integer(
        'Cells for limits of which there are millions (end merchants, source addresses); each ' +
          'takes 4 bytes.',
        16_777_216,
        65_536,
        268_435_456,
      ),
      merchantHeader: Type.Optional(
        Type.String({
          description:
            'Field that names the end merchant of a call, for `merchantLimits` of plans. It ' +
            'should be covered by the signature.',
          pattern: '^[a-z][a-z0-9-]{0,63}$',
          form: 'a field name in lower case',
        }),
      ),
      sourceRequestsPerSecondMax: integer(
        'Calls of one source address (of IPv6 its /64) in a second; 0 for no limit.',
        0,
        0,
        1_000_000,
      ),
      sourceBurstMax: integer('Calls of one source address at once.', 1_000, 1, 1_000_000),
    }),
    idempotency: section('Idempotency-Key of calls (docs/idempotency.md).', {
      store: Type.Enum(['sqlite', 'postgres'], {
        description:
          'Where keys and answers are kept: `sqlite`, a database in stateDir; `postgres`, for ' +
          'all hosts together.',
        default: 'sqlite',
      }),
      postgresUrlFile: Type.Optional(
        Type.String({
          description: 'File with the URL of the database, as `registry.postgresUrlFile`.',
        }),
      ),
      retentionMs: integer(
        'How long a key and its answer are remembered.',
        86_400_000,
        3_600_000,
        2_592_000_000,
      ),
      keysMax: integer(
        'Keys that are remembered at once; beyond it, calls with a new one are refused.',
        10_000_000,
        1_000,
        1_000_000_000,
      ),
      answerMaxBytes: integer('Largest body of an answer that is kept.', 65_536, 0, 1_048_576),
      storeTimeoutMs: integer('Longest wait for the store.', 2_000, 10, 60_000),
    }),
    overload: section('What is refused when more comes than can be served.', {
      delayTargetMs: integer(
        'Wait of calls, measured, above which some are refused; 0 switches it off.',
        25,
        0,
        10_000,
      ),
      delayIntervalMs: integer('How long the wait must stay above it.', 100, 10, 10_000),
    }),
    redis: section('The Redis that hosts of a fleet share (docs/policy.md).', {
      urlFile: Type.Optional(
        Type.String({
          description:
            'File with its URL: `redis://user:password@host:6379/0`, or `rediss://` for TLS; ' +
            'read anew for each connection.',
        }),
      ),
      timeoutMs: integer(
        'Longest wait for an answer; half as long again where a call waits for the next batch.',
        100,
        5,
        10_000,
      ),
    }),
    workers: workersSection,
    answers: answersSection,
    alerts: alertsSection,
    transform: section('Payloads that are converted (docs/payloads.md).', {
      ...payloadKeyFields,
      answerMaxBytes: integer(
        'Largest body of an answer that is converted; a longer one is refused.',
        1_048_576,
        1_024,
        16_777_216,
      ),
    }),
    telemetry: section('Histograms, the access log, traces.', {
      operationHistogramsMax: integer('Operations with a histogram of their own.', 512, 1, 10_000),
      appFiguresMax: integer('Apps with session figures of their own.', 512, 1, 10_000),
      accessLog: Type.Boolean({ description: 'Whether each exchange is logged.', default: true }),
      accessLogFile: Type.Optional(
        Type.String({ description: 'File for the access log; standard output where absent.' }),
      ),
      accessLogBufferMaxBytes: integer(
        'Access records held per front before they are dropped.',
        4_194_304,
        65_536,
        268_435_456,
      ),
      recentRequestsMaxBytes: recentRequestsOption,
      logLevel: Type.Enum(['debug', 'info', 'warn', 'error'], {
        description: 'Lowest level of the process log on standard error.',
        default: 'info',
      }),
      tracing: tracingSection,
    }),
    shutdown: section('Draining.', {
      drainTimeoutMs: integer('After this what is in flight is cut.', 10_000, 0, 600_000),
      retireTimeoutMs: integer(
        'How long a gateway that was replaced (`xingyun reload`) serves its connections.',
        60_000,
        0,
        3_600_000,
      ),
      retireSpreadMs: integer(
        'Within which its connections are asked, one after another, to move to the new one.',
        3_000,
        0,
        600_000,
      ),
    }),
  },
  { additionalProperties: false },
);

export type Config = Static<typeof ConfigSchema>;
