/** Upstreams of the registry as a schema: their targets, and what is done about those that fail. */
import Type, { type Static } from 'typebox';
import { BALANCING, RETRY_CAUSES } from '../../core/upstream-record.ts';
import { id, integer, record, text } from './record-fields.ts';

const target = record({
  url: Type.String({ description: '`http://host:port` or `https://host:port`, nothing else.' }),
  weight: integer('Its share beside the other targets.', 1, 1, 1_000),
});

const percent = (description: string, defaultValue: number, maximum = 100) =>
  integer(description, defaultValue, 0, maximum);

const settings = <P extends Type.TProperties>(description: string, properties: P) =>
  Type.Optional(Type.Object(properties, { description, additionalProperties: false }));

const resilienceFields = {
  balancing: Type.Enum([...BALANCING], {
    description:
      'Who gets the next call: `least-request`, of two targets drawn by weight the one with ' +
      'fewer calls in flight for its weight; `weighted`, in turns by weight.',
    default: 'least-request',
  }),
  requestsMax: integer('Calls in flight to all targets, per front.', 100_000, 1, 1_000_000),
  slowStartMs: integer(
    'How long the share of a target that is new or comes back grows to its weight.',
    0,
    0,
    600_000,
  ),
  health: settings('Asks each target by itself; absent for no such checks.', {
    path: Type.String({
      description: 'Path of a GET; a status of 200 to 399 is a good answer.',
      pattern: '^/[\\x21-\\x7e]{0,1023}$',
      form: 'a path that begins with /',
    }),
    intervalMs: integer('Between two checks of a target.', 5_000, 100, 600_000),
    timeoutMs: integer('For one check.', 1_000, 10, 60_000),
    healthyAfter: integer('Good answers in a row.', 2, 1, 100),
    unhealthyAfter: integer('Bad answers in a row.', 3, 1, 100),
  }),
  outlier: settings('Leaves out targets whose calls fail; absent for none of it.', {
    consecutiveFailuresMax: integer(
      'Failures in a row: no answer, a broken one, a status of 500 to 599.',
      5,
      1,
      1_000,
    ),
    ejectionMs: integer(
      'For how long; each time in a row by as much longer.',
      30_000,
      100,
      600_000,
    ),
    ejectionMaxMs: integer('Longest time.', 300_000, 100, 3_600_000),
    ejectedMaxPercent: percent(
      'Of the targets that may be left out; one always may, and one never is.',
      50,
    ),
  }),
  breaker: settings('Refuses calls to an upstream that fails; absent for none of it.', {
    failuresMaxPercent: integer('Failures in the window at which it opens.', 50, 1, 100),
    windowMs: integer('How far back failures count.', 10_000, 1_000, 600_000),
    requestsMin: integer('Calls in the window below which it stays closed.', 20, 1, 1_000_000),
    openMs: integer('How long it stays open before calls try the upstream.', 5_000, 100, 600_000),
    trialsMax: integer('Calls in flight that try it.', 3, 1, 1_000),
  }),
  retry: settings(
    'Sends safe calls again, others only where they have not left; absent for none of it.',
    {
      attemptsMax: integer('Requests for one call, the first included.', 2, 2, 10),
      on: Type.Array(Type.Enum([...RETRY_CAUSES]), {
        description: 'After what.',
        default: ['unreachable', 'protocol', 'status-502-503-504'],
        maxItems: RETRY_CAUSES.length,
        uniqueItems: true,
      }),
      budgetPercent: percent('Retries beside the calls of a front.', 20),
      budgetMinPerSecond: integer('Retries that are given beside it.', 3, 0, 10_000),
    },
  ),
  hedging: settings('Sends a safe call that waits long to a second target; absent for none.', {
    afterMs: integer('After which wait for an answer’s head.', 50, 1, 60_000),
    budgetPercent: percent('Second requests beside the safe calls of a front.', 5),
    budgetMinPerSecond: integer('Second requests that are given beside it.', 1, 0, 10_000),
  }),
};

const pem = (description: string) =>
  Type.Optional(Type.String({ description, maxLength: 262_144 }));

export const upstreamTlsFields = {
  ca: pem('Authorities that are trusted instead of the system’s, PEM.'),
  cert: pem('Client certificate chain, PEM.'),
  key: Type.Optional(
    Type.String({
      description: 'Client private key, PEM, not encrypted. It is stored sealed and never shown.',
      maxLength: 65_536,
    }),
  ),
  sealedKey: pem('The same as the registry shows it: sealed with its secretKeyFile.'),
  serverName: Type.Optional(text('Name in the server’s certificate where it is not the host.')),
};

export const upstreamFields = {
  id: id('Unique among upstreams.'),
  url: Type.Optional(
    Type.String({ description: 'Its one target: `http://host:port` or `https://host:port`.' }),
  ),
  targets: Type.Optional(
    Type.Array(target, {
      description: 'In place of url: servers that share its calls, all http or all https.',
      minItems: 1,
      maxItems: 64,
    }),
  ),
  connectionsMax: integer('Open connections per front and target.', 64, 1, 4_096),
  queueMax: integer(
    'Requests that wait for a connection, per front and target.',
    1_024,
    0,
    100_000,
  ),
  pipeliningMax: integer(
    'Requests in flight per connection for safe methods; 1 switches pipelining off.',
    1,
    1,
    64,
  ),
  connectTimeoutMs: integer('To an open connection, TLS included.', 2_000, 10, 60_000),
  responseTimeoutMs: integer(
    'From the last byte of the request to the head of the answer.',
    10_000,
    10,
    600_000,
  ),
  bodyIdleTimeoutMs: integer('Longest pause within a body.', 10_000, 10, 600_000),
  keepAliveMs: integer('How long an unused connection is kept.', 30_000, 0, 600_000),
  responseHeadMaxBytes: integer('Largest head of an answer.', 16_384, 1_024, 262_144),
  ...resilienceFields,
};

export const UpstreamSchema = record({
  ...upstreamFields,
  tls: Type.Optional(
    Type.Object(upstreamTlsFields, {
      description: 'TLS towards https targets.',
      additionalProperties: false,
    }),
  ),
});

export type Upstream = Static<typeof UpstreamSchema>;
