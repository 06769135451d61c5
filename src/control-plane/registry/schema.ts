/**
 * The schema of `registry.yaml`. docs/configuration.md is generated from it. `form` says in words
 * what a pattern wants.
 */
import Type, { type Static, type TProperties } from 'typebox';
import {
  MESSAGE_SIGNATURES,
  OPERATION_ACCESS,
  SIGNATURE_ALGORITHMS,
  TOPIC_AUDIENCES,
} from '../../core/snapshot.ts';

const record = <P extends TProperties>(properties: P) =>
  Type.Object(properties, { additionalProperties: false });

const list = <P extends TProperties>(description: string, maxItems: number, properties: P) =>
  Type.Array(record(properties), { description, default: [], maxItems });

const integer = (description: string, defaultValue: number, minimum: number, maximum: number) =>
  Type.Integer({ description, default: defaultValue, minimum, maximum });

const text = (description: string) =>
  Type.String({
    description,
    pattern: '^[^\\x00-\\x1f\\x7f]{1,200}$',
    form: '1 to 200 characters without control characters',
  });

/** Ids go into headers and metrics, so they are plain ASCII. */
const id = (description: string) =>
  Type.String({
    description,
    pattern: '^[A-Za-z0-9][A-Za-z0-9_-]{0,127}$',
    form: 'an id of 1 to 128 letters, digits, _ or -',
  });

/** With an API id before it: an API's own id has no dot, so `<api>.<operationId>` is unique. */
export const operationId = (description: string) =>
  Type.String({
    description,
    pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$',
    form: 'an id of 1 to 128 letters, digits, ., _ or -',
  });

/** RFC 9421 section 2.3: `keyid` is a structured-field string. */
const keyId = Type.String({
  description: 'The `keyid` of its signatures; unique.',
  pattern: '^[\\x21\\x23-\\x5b\\x5d-\\x7e]{1,256}$',
  form: '1 to 256 visible ASCII characters except " and \\',
});

/** RFC 6749 section 3.3. */
export const scopes = (description: string) =>
  Type.Array(
    Type.String({
      pattern: '^[\\x21\\x23-\\x5b\\x5d-\\x7e]{1,128}$',
      form: 'a scope of 1 to 128 visible ASCII characters except " and \\',
    }),
    { description, default: [], maxItems: 64, uniqueItems: true },
  );

const file = (description: string) => Type.String({ description: `${description}.`, minLength: 1 });

const status = (description: string) =>
  Type.Enum(['active', 'suspended'], { description, default: 'active' });

const instant = (description: string) =>
  Type.String({
    description,
    pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(\\.\\d{1,3})?(Z|[+-]\\d\\d:\\d\\d)$',
    form: 'an ISO 8601 instant such as 2027-01-31T00:00:00Z',
  });

/** RFC 7517 and 7518, the public members only: private ones are unknown here, and so refused. */
const jwk = Type.Object(
  {
    kty: Type.Enum(['RSA', 'EC', 'OKP'], { description: 'Key type.' }),
    n: Type.Optional(Type.String({ description: 'RSA modulus, base64url.' })),
    e: Type.Optional(Type.String({ description: 'RSA exponent, base64url.' })),
    crv: Type.Optional(Type.Enum(['P-256', 'P-384', 'Ed25519'], { description: 'Curve.' })),
    x: Type.Optional(Type.String({ description: 'Coordinate or public key, base64url.' })),
    y: Type.Optional(Type.String({ description: 'Coordinate, base64url.' })),
    kid: Type.Optional(Type.String({ description: 'Not used: `id` names the key.' })),
    alg: Type.Optional(Type.String({ description: 'Not used: `algorithm` decides.' })),
    use: Type.Optional(Type.Enum(['sig'], { description: 'What the key is for.' })),
    key_ops: Type.Optional(
      Type.Array(Type.Enum(['verify']), { description: 'What the key is for.' }),
    ),
  },
  { description: 'The public key as a JSON Web Key.', additionalProperties: false },
);

export const access = Type.Enum([...OPERATION_ACCESS], {
  description:
    'Who may call: `signed`, apps with a subscription; `public`, anybody, signature or not ' +
    '(open data such as exchange rates). A signature that is there must be valid all the same. ' +
    'Give public operations an upstream of their own: what anybody sends shares its ' +
    'connectionsMax and queueMax.',
  default: 'signed',
});

export const messageSignature = Type.Enum([...MESSAGE_SIGNATURES], {
  description:
    'Over WebSocket: `session`, the signature of the handshake is enough; `required`, each call ' +
    'carries one of its own, as payments should.',
  default: 'session',
});

/** RFC 9110 section 9.1; CONNECT and TRACE do not pass a gateway. */
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const;

const operation = record({
  id: operationId('Unique within the API.'),
  method: Type.Enum([...METHODS], { description: 'HTTP method; GET answers HEAD too.' }),
  path: Type.String({
    description: 'Path template below basePath; `{name}` stands for one whole segment.',
  }),
  scopes: scopes('Scopes that a subscription must have, all of them.'),
  access,
  messageSignature,
});

export const RegistrySchema = Type.Object(
  {
    partners: list('The companies that call and are called.', 10_000, {
      id: id('Unique among partners.'),
      name: text('For people.'),
      class: Type.Enum(
        ['internet-platform', 'software-vendor', 'data-provider', 'supply-chain', 'private-equity'],
        { description: 'What kind of partner it is.' },
      ),
      status: status('A suspended partner’s apps are refused.'),
    }),
    apps: list('What signs calls; a partner has any number.', 200_000, {
      id: id('Unique among apps.'),
      partner: Type.String({ description: 'Id of its partner.' }),
      status: status('A suspended app is refused.'),
    }),
    keys: list(
      'What calls are verified with. Each has exactly one of publicKeyFile, publicKey, jwk and ' +
        'secretFile; two keys of one app may be valid at once, for rotation.',
      400_000,
      {
        id: keyId,
        app: Type.String({ description: 'Id of its app.' }),
        algorithm: Type.Enum([...SIGNATURE_ALGORITHMS], {
          description: 'The one algorithm it is used with. RSA keys have 2048 to 8192 bits.',
        }),
        publicKeyFile: Type.Optional(file('Public key or certificate, PEM')),
        publicKey: Type.Optional(Type.String({ description: 'Public key or certificate, PEM.' })),
        jwk: Type.Optional(jwk),
        secretFile: Type.Optional(
          file('The secret for hmac-sha256 in base64 or base64url, at least 32 bytes of it'),
        ),
        notBefore: Type.Optional(instant('First instant at which it is valid.')),
        notAfter: Type.Optional(instant('Last instant at which it is valid.')),
        revoked: Type.Boolean({ description: 'Never accepted again.', default: false }),
      },
    ),
    products: list('APIs that are subscribed together.', 10_000, {
      id: id('Unique among products.'),
      name: text('For people.'),
      apis: Type.Array(Type.String(), {
        description: 'Ids of its APIs.',
        minItems: 1,
        maxItems: 10_000,
        uniqueItems: true,
      }),
    }),
    plans: list('The terms of a subscription.', 1_000, {
      id: id('Unique among plans.'),
      name: text('For people.'),
    }),
    subscriptions: list('Which app may use which product.', 1_000_000, {
      app: Type.String({ description: 'Id of the app.' }),
      product: Type.String({ description: 'Id of the product; once per app.' }),
      plan: Type.String({ description: 'Id of the plan.' }),
      scopes: scopes('Scopes that are granted.'),
      status: status('A suspended subscription grants nothing.'),
    }),
    apis: list('What can be called. Each has exactly one of operations and openapi.', 10_000, {
      id: id('Unique among APIs.'),
      name: text('For people.'),
      direction: Type.Enum(['outbound', 'inbound'], {
        description: '`outbound`: the bank serves it; `inbound`: a partner serves it to the bank.',
        default: 'outbound',
      }),
      basePath: Type.String({
        description: 'Before the path of every operation; `/` for none. Without parameters.',
      }),
      upstream: Type.String({ description: 'Id of the upstream.' }),
      operations: Type.Optional(
        Type.Array(operation, { description: 'Its operations.', minItems: 1, maxItems: 1_000 }),
      ),
      openapi: Type.Optional(
        file(
          'OpenAPI 3.1 document, YAML or JSON: its paths, methods, operationId and ' +
            '`x-required-scopes`, `x-access` (as `access`), `x-message-signature` (as ' +
            '`messageSignature`) are read, its servers are not',
        ),
      ),
    }),
    topics: list('What sessions may subscribe to (docs/websocket.md).', 1_000, {
      id: id('Unique among topics.'),
      name: text('For people.'),
      api: Type.String({ description: 'Id of the API whose subscription entitles to it.' }),
      scopes: scopes('Scopes that the subscription must have, all of them.'),
      audience: Type.Enum([...TOPIC_AUDIENCES], {
        description:
          '`partner`: each event belongs to one partner and goes to nobody else; `everyone`: to ' +
          'all that subscribe.',
        default: 'partner',
      }),
    }),
    upstreams: list('The servers behind the gateway.', 10_000, {
      id: id('Unique among upstreams.'),
      url: Type.String({ description: '`http://host:port` or `https://host:port`, nothing else.' }),
      tls: Type.Optional(
        Type.Object(
          {
            caFile: Type.Optional(
              file('Authorities that are trusted instead of the system’s, PEM'),
            ),
            certFile: Type.Optional(file('Client certificate chain, PEM')),
            keyFile: Type.Optional(file('Client private key, PEM')),
            serverName: Type.Optional(
              text('Name in the server’s certificate where it is not the host.'),
            ),
          },
          { description: 'TLS towards an https upstream.', additionalProperties: false },
        ),
      ),
      connectionsMax: integer('Open connections per front.', 64, 1, 4_096),
      queueMax: integer('Requests that wait for a connection, per front.', 1_024, 0, 100_000),
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
    }),
  },
  { additionalProperties: false },
);

export type Registry = Static<typeof RegistrySchema>;
