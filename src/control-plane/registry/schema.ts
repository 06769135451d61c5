/**
 * The records of the registry, one schema each: what the admin API takes, what is stored and what
 * `registry.yaml` lists (file-schema.ts adds what only a file can say). docs/configuration.md and
 * the OpenAPI document are generated from it.
 */
import Type, { type Static } from 'typebox';
import { DATA_CLASSES } from '../../core/data-classes.ts';
import {
  ENVIRONMENTS,
  IDEMPOTENCY,
  MESSAGE_SIGNATURES,
  OPERATION_ACCESS,
  PRIORITIES,
  SIGNATURE_ALGORITHMS,
  SIGNATURE_SCHEMES,
  TOPIC_AUDIENCES,
} from '../../core/snapshot.ts';
import { payload } from './payload-schema.ts';
import {
  amount,
  id,
  instant,
  keyId,
  operationId,
  optionalInteger,
  record,
  reference,
  scopes,
  text,
} from './record-fields.ts';

/** RFC 7517 and 7518, the public members only: private ones are unknown here, and so refused. */
const jwk = Type.Object(
  {
    kty: Type.Enum(['RSA', 'EC', 'OKP'], { description: 'Key type.' }),
    n: Type.Optional(Type.String({ description: 'RSA modulus, base64url.', maxLength: 2048 })),
    e: Type.Optional(Type.String({ description: 'RSA exponent, base64url.', maxLength: 128 })),
    crv: Type.Optional(Type.Enum(['P-256', 'P-384', 'Ed25519'], { description: 'Curve.' })),
    x: Type.Optional(
      Type.String({ description: 'Coordinate or public key, base64url.', maxLength: 128 }),
    ),
    y: Type.Optional(Type.String({ description: 'Coordinate, base64url.', maxLength: 128 })),
    kid: Type.Optional(
      Type.String({ description: 'Not used: `id` names the key.', maxLength: 256 }),
    ),
    alg: Type.Optional(
      Type.String({ description: 'Not used: `algorithm` decides.', maxLength: 256 }),
    ),
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

const ratesOf = (whose: string) => ({
  requestsPerSecondMax: optionalInteger(`Calls of ${whose} in a second.`, 1, 1_000_000),
  burstMax: optionalInteger(
    `Calls of ${whose} at once; where absent, those of one second.`,
    1,
    1_000_000,
  ),
});

const limitsOf = (whose: string) =>
  Type.Optional(
    Type.Object(
      {
        ...ratesOf(whose),
        concurrencyMax: optionalInteger(`Calls of ${whose} in flight.`, 1, 1_000_000),
      },
      {
        description: `What ${whose} may take (docs/policy.md).`,
        additionalProperties: false,
      },
    ),
  );

export const idempotency = Type.Enum([...IDEMPOTENCY], {
  description:
    'Whether calls carry an Idempotency-Key, for POST and PATCH: `required`, as payments should; ' +
    '`optional`, one that is there is honoured; `none`, it is passed on like any other field.',
  default: 'none',
});

/** RFC 9110 section 9.1; CONNECT and TRACE do not pass a gateway. */
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const;

export const operation = record({
  id: operationId('Unique within the API.'),
  summary: Type.Optional(text('What it does, for people.')),
  method: Type.Enum([...METHODS], { description: 'HTTP method; GET answers HEAD too.' }),
  path: Type.String({
    description: 'Path template below basePath; `{name}` stands for one whole segment.',
  }),
  scopes: scopes('Scopes that a subscription must have, all of them.'),
  access,
  messageSignature,
  idempotency,
  payload,
  limits: limitsOf('all callers of the operation together'),
  appLimits: limitsOf('each app at the operation'),
});

/** The steps of a partner's way into the bank, in order; the last two lead out again. */
export const PARTNER_STATUSES = [
  'applied',
  'in-review',
  'sandbox',
  'certification',
  'production',
  'suspended',
  'closed',
] as const;
export type PartnerStatus = (typeof PARTNER_STATUSES)[number];

const contact = record({
  name: text('Who it is.'),
  role: Type.Enum(['technical', 'business', 'security', 'operations'], {
    description: 'What to turn to them for.',
  }),
  email: Type.String({
    description: 'Mail address.',
    pattern: '^[^\\s@\\x00-\\x1f]{1,64}@[A-Za-z0-9.-]{1,190}$',
    form: 'a mail address',
  }),
  phone: Type.Optional(
    Type.String({
      description: 'Telephone number (E.164).',
      pattern: '^\\+[1-9][0-9]{5,14}$',
      form: 'a number such as +8613800000000',
    }),
  ),
});

export const PartnerSchema = record({
  id: id('Unique among partners.'),
  name: text('For people.'),
  class: Type.Enum(
    ['internet-platform', 'software-vendor', 'data-provider', 'supply-chain', 'private-equity'],
    { description: 'What kind of partner it is.' },
  ),
  status: Type.Enum([...PARTNER_STATUSES], {
    description:
      'Where its onboarding stands (docs/onboarding.md). Sandbox apps are accepted in `sandbox`, ' +
      '`certification` and `production`, production apps in `production` only.',
    default: 'production',
  }),
  limits: limitsOf('all apps of the partner together'),
  contacts: Type.Array(contact, { description: 'Whom to turn to.', default: [], maxItems: 20 }),
});

export const AppSchema = record({
  id: id('Unique among apps.'),
  name: Type.Optional(text('For people.')),
  partner: reference('Id of its partner.'),
  environment: Type.Enum([...ENVIRONMENTS], {
    description: '`sandbox`: its calls go to the sandbox upstream of each API.',
    default: 'production',
  }),
  status: Type.Enum(['active', 'suspended'], {
    description: 'A suspended app is refused.',
    default: 'active',
  }),
});

export const keyFields = {
  id: keyId,
  app: reference('Id of its app.'),
  algorithm: Type.Enum([...SIGNATURE_ALGORITHMS], {
    description: 'The one algorithm it is used with. RSA keys have 2048 to 8192 bits.',
  }),
  schemes: Type.Optional(
    Type.Array(Type.Enum([...SIGNATURE_SCHEMES]), {
      description:
        'The ways in which it may sign a request (docs/schemes.md); where absent, `rfc9421` alone.',
      minItems: 1,
      maxItems: SIGNATURE_SCHEMES.length,
      uniqueItems: true,
    }),
  ),
  publicKey: Type.Optional(
    Type.String({
      description:
        'Public key or certificate, PEM. A key is not valid outside the time of its certificate.',
      maxLength: 65_536,
    }),
  ),
  jwk: Type.Optional(jwk),
  secret: Type.Optional(
    Type.String({
      description:
        'The secret for hmac-sha256, 32 to 1,024 bytes in base64 or base64url. It is stored ' +
        'sealed and never shown.',
      pattern: '^[A-Za-z0-9+/_-]{43,1368}={0,2}$',
      form: 'at least 32 bytes in base64 or base64url',
    }),
  ),
  sealedSecret: Type.Optional(
    Type.String({
      description: 'The same as the registry shows it: sealed with its secretKeyFile.',
      pattern: '^v1\\.[A-Za-z0-9_-]{1,64}\\.[A-Za-z0-9_-]{16}\\.[A-Za-z0-9_-]{1,2048}$',
      form: 'a sealed secret as the registry shows it',
    }),
  ),
  notBefore: Type.Optional(instant('First instant at which it is valid.')),
  notAfter: Type.Optional(instant('Last instant at which it is valid.')),
  revoked: Type.Boolean({ description: 'Never accepted again.', default: false }),
};

export const KeySchema = record(keyFields);

export const ProductSchema = record({
  id: id('Unique among products.'),
  name: text('For people.'),
  description: Type.Optional(Type.String({ description: 'For people.', maxLength: 4_000 })),
  apis: Type.Array(reference('Id of an API.'), {
    description: 'Ids of its APIs.',
    minItems: 1,
    maxItems: 10_000,
    uniqueItems: true,
  }),
});

export const PlanSchema = record({
  id: id('Unique among plans.'),
  name: text('For people.'),
  priority: Type.Enum([...PRIORITIES], {
    description: 'Who is refused last where the gateway cannot serve everybody.',
    default: 'normal',
  }),
  dataClassMax: Type.Enum([...DATA_CLASSES], {
    description:
      'The most restrictive class of fields that an app sees in answers; others are masked ' +
      '(docs/payloads.md).',
    default: 'sensitive',
  }),
  limits: limitsOf('an app'),
  sharedLimits: limitsOf('all apps under the plan together'),
  merchantLimits: Type.Optional(
    Type.Object(ratesOf('each end merchant of an app'), {
      description:
        'What each end merchant of an app may take; `policy.merchantHeader` names the field that ' +
        'says which one a call is for.',
      additionalProperties: false,
    }),
  ),
  quota: Type.Optional(
    Type.Object(
      {
        requestsPerDayMax: optionalInteger('Calls of an app in a day.', 1, 1_000_000_000),
        requestsPerMonthMax: optionalInteger('Calls of an app in a month.', 1, 100_000_000_000),
      },
      { description: 'Agreed volumes, by days and months of UTC.', additionalProperties: false },
    ),
  ),
  price: Type.Optional(
    Type.Object(
      {
        currency: Type.String({
          description: 'ISO 4217 code.',
          pattern: '^[A-Z]{3}$',
          form: 'three capital letters such as CNY',
        }),
        perMonth: Type.Optional(amount('For each month.')),
        perCall: Type.Optional(amount('For each call that succeeds.')),
      },
      { description: 'Terms, kept for billing.', additionalProperties: false },
    ),
  ),
  approvals: Type.Array(Type.Enum(['production-credentials', 'partner-closure']), {
    description:
      'What a second person must approve for whoever subscribes under this plan: keys of ' +
      'production apps; closing the partner.',
    default: [],
    maxItems: 2,
    uniqueItems: true,
  }),
});

export const SubscriptionSchema = record({
  app: reference('Id of the app.'),
  product: reference('Id of the product; once per app.'),
  plan: reference('Id of the plan.'),
  scopes: scopes('Scopes that are granted.'),
  status: Type.Enum(['requested', 'approved', 'suspended', 'ended'], {
    description: 'Only an approved one grants anything.',
    default: 'approved',
  }),
});

export const apiFields = {
  id: id('Unique among APIs.'),
  name: text('For people.'),
  description: Type.Optional(Type.String({ description: 'For people.', maxLength: 4_000 })),
  version: Type.String({
    description: 'Of its contract, major.minor.patch.',
    default: '1.0.0',
    pattern: '^(0|[1-9][0-9]{0,5})\\.(0|[1-9][0-9]{0,5})\\.(0|[1-9][0-9]{0,5})$',
    form: 'a version such as 1.4.0',
  }),
  lifecycle: Type.Enum(['draft', 'published', 'deprecated', 'retired'], {
    description: 'Only published and deprecated ones can be called.',
    default: 'published',
  }),
  deprecated: Type.Optional(instant('Since when it is deprecated; mandatory where it is.')),
  sunset: Type.Optional(instant('When it goes; mandatory where it is deprecated.')),
  direction: Type.Enum(['outbound', 'inbound'], {
    description: '`outbound`: the bank serves it; `inbound`: a partner serves it to the bank.',
    default: 'outbound',
  }),
  basePath: Type.String({
    description: 'Before the path of every operation; `/` for none. Without parameters.',
  }),
  upstream: reference('Id of the upstream.'),
  sandboxUpstream: Type.Optional(
    reference('Id of the upstream for sandbox apps; without one they cannot call it.'),
  ),
};

export const ApiSchema = record({
  ...apiFields,
  operations: Type.Array(operation, {
    description: 'What can be called.',
    minItems: 1,
    maxItems: 1_000,
  }),
});

export const TopicSchema = record({
  id: id('Unique among topics.'),
  name: text('For people.'),
  api: reference('Id of the API whose subscription entitles to it.'),
  scopes: scopes('Scopes that the subscription must have, all of them.'),
  audience: Type.Enum([...TOPIC_AUDIENCES], {
    description:
      '`partner`: each event belongs to one partner and goes to nobody else; `everyone`: to ' +
      'all that subscribe.',
    default: 'partner',
  }),
});

export type Partner = Static<typeof PartnerSchema>;
export type App = Static<typeof AppSchema>;
export type Key = Static<typeof KeySchema>;
export type Plan = Static<typeof PlanSchema>;
export type Product = Static<typeof ProductSchema>;
export type Subscription = Static<typeof SubscriptionSchema>;
export type Api = Static<typeof ApiSchema>;
export type Topic = Static<typeof TopicSchema>;
