/** `registry.yaml`: lists of records, and what only a file can say: that a part is in another. */
import Type, { type Static, type TProperties } from 'typebox';
import { type ListName, RECORD_KINDS } from './kinds.ts';
import { record } from './record-fields.ts';
import {
  ApiSchema,
  AppSchema,
  apiFields,
  keyFields,
  PartnerSchema,
  PlanSchema,
  ProductSchema,
  SubscriptionSchema,
  TopicSchema,
} from './schema.ts';
import { upstreamFields, upstreamTlsFields } from './upstream-schema.ts';

const file = (description: string) =>
  Type.Optional(Type.String({ description: `${description}.`, minLength: 1, maxLength: 4_096 }));

const list = <P extends TProperties>(
  name: ListName,
  description: string,
  items: Type.TObject<P>,
) => {
  const { countMax } = RECORD_KINDS.find(kind => kind.list === name)!;
  return Type.Array(items, { description, default: [], maxItems: countMax });
};

const key = record({
  ...keyFields,
  publicKeyFile: file('In place of publicKey: a file that holds it'),
  secretFile: file('In place of secret: a file that holds it, and nothing else'),
});

const api = record({
  ...apiFields,
  operations: Type.Optional(ApiSchema.properties.operations),
  openapi: file(
    'In place of operations: an OpenAPI 3.1 document, YAML or JSON. Its paths, methods, ' +
      'operationId and `x-required-scopes`, `x-access` (as `access`), `x-message-signature` (as ' +
      '`messageSignature`), `x-idempotency` (as `idempotency`) are read, its servers are not',
  ),
});

const upstream = record({
  ...upstreamFields,
  tls: Type.Optional(
    Type.Object(
      {
        ...upstreamTlsFields,
        caFile: file('In place of ca: a file that holds them'),
        certFile: file('In place of cert: a file that holds it'),
        keyFile: file('In place of key: a file that holds it'),
      },
      { description: 'TLS towards https targets.', additionalProperties: false },
    ),
  ),
});

export const RegistryFileSchema = Type.Object(
  {
    partners: list('partners', 'The companies that call and are called.', PartnerSchema),
    apps: list('apps', 'What signs calls; a partner has any number.', AppSchema),
    keys: list(
      'keys',
      'What calls are verified with. Each has exactly one of publicKey, publicKeyFile, jwk, ' +
        'secret, secretFile and sealedSecret; two keys of one app may be valid at once, for ' +
        'rotation.',
      key,
    ),
    upstreams: list('upstreams', 'The servers behind the gateway.', upstream),
    apis: list('apis', 'What can be called. Each has exactly one of operations and openapi.', api),
    topics: list('topics', 'What sessions may subscribe to (docs/websocket.md).', TopicSchema),
    products: list('products', 'APIs that are subscribed together.', ProductSchema),
    plans: list('plans', 'The terms of a subscription.', PlanSchema),
    subscriptions: list('subscriptions', 'Which app may use which product.', SubscriptionSchema),
  },
  { additionalProperties: false },
);

export type RegistryFileContent = Static<typeof RegistryFileSchema>;
