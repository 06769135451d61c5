/** Random registries that keep every rule, drawn from few ids so that edits meet. */
import { generateKeyPairSync } from 'node:crypto';
import fc, { type GeneratorValue } from 'fast-check';
import type { RegistryLists } from '../../../src/control-plane/registry/desk-contract.ts';
import { RECORD_KINDS } from '../../../src/control-plane/registry/kinds.ts';
import type { JsonObject, JsonValue } from '../../../src/stores/registry-contract.ts';

type Lists = Record<keyof RegistryLists, JsonObject[]>;

const PUBLIC_KEYS = [generateKeyPairSync('ed25519'), generateKeyPairSync('ed25519')].map(
  ({ publicKey }) => publicKey.export({ type: 'spki', format: 'pem' }) as string,
);
const OPERATIONS = [
  { id: 'list', method: 'GET', path: '/items' },
  { id: 'add', method: 'POST', path: '/items' },
  { id: 'get', method: 'GET', path: '/items/{id}' },
];

const LINE = 'words and more words that would be folded at the end of a line. '.repeat(2);
/** Texts that YAML may give back as others: one in 5,000 that are drawn piece by piece is such. */
const LOST = [' \n', `  ${LINE}\n\nsecond`, `\n \n${LINE}`, `${LINE}\n \n`, ' \r\n'];
const PIECES = [
  ...['a', ' ', '  ', '\n', '\n\n', '\t', '\r', '\r\n', '\0', '\x1b', '\u0085', '\u2028', '\ufeff'],
  ...['#', ': ', '- ', '? ', '|', '>', '&a', '*a', '!x', '%', '@', '"', "'", '\\', '{', '[', ','],
  ...['null', '1e3', '2027-01-01', '---', '...', '<<', '=', '\u{1f600}', '\ud83d', '中文'],
  ...['x'.repeat(90), LINE],
];

/** Each record with some of its defaults spelt out and others left away. */
export function drawRegistry(g: GeneratorValue): Lists {
  const draw = new Draw(g);
  const partners = draw.some('p', 3, id => ({
    id,
    name: draw.one(['A', 'B']),
    class: 'data-provider',
    ...draw.maybe('status', ['applied', 'sandbox', 'certification', 'production', 'suspended']),
  }));
  const apps = draw.some('a', 4, id => ({
    id,
    ...draw.named('partner', partners),
    ...draw.maybe('environment', ['sandbox', 'production']),
    ...draw.maybe('status', ['active', 'suspended']),
  }));
  const keys = draw.some('k', 5, id => ({
    id,
    ...draw.named('app', apps),
    algorithm: 'ed25519',
    publicKey: draw.one(PUBLIC_KEYS),
    ...draw.maybe('revoked', [true, false]),
    ...draw.maybe('notAfter', ['2090-01-01T00:00:00Z', '2091-01-01T00:00:00Z']),
  }));
  const upstreams = draw.some('u', 3, id => ({
    id,
    url: draw.one(['http://127.0.0.1:1', 'https://[::1]:2']),
    ...draw.maybe('queueMax', [0, 1_024]),
  }));
  const apis = draw.some('i', 4, id => drawApi(draw, id, upstreams));
  const products = draw.some('r', 3, id => ({
    id,
    name: 'R',
    ...draw.description(),
    apis: draw.ids(apis),
  }));
  const plans = draw.some('n', 2, id => ({ id, name: draw.one(['A', 'B', ' A: ', '\u2028# -']) }));
  return {
    partners,
    apps: apps.filter(({ partner }) => partner !== undefined),
    keys: keys.filter(({ app }) => apps.some(({ id, partner }) => id === app && partner)),
    upstreams,
    apis: apis.filter(({ upstream }) => upstream !== undefined),
    topics: draw
      .some('t', 2, id => ({ id, name: 'T', ...draw.named('api', apis) }))
      .filter(({ api }) => apis.some(({ id, upstream }) => id === api && upstream)),
    products: products.filter(product => (product.apis as string[]).length > 0),
    plans,
    subscriptions: drawSubscriptions(draw, apps, products, plans),
  };
}

function drawApi(draw: Draw, id: string, upstreams: readonly JsonObject[]): JsonObject {
  const lifecycle = draw.maybe('lifecycle', ['draft', 'published', 'deprecated', 'retired']);
  const operations = OPERATIONS.filter(() => draw.one([true, false]));
  return {
    id,
    name: 'I',
    ...draw.description(),
    basePath: draw.one([`/${id}`, `/${id}/v2`]),
    ...draw.named('upstream', upstreams),
    ...(draw.one([true, false]) ? draw.named('sandboxUpstream', upstreams) : {}),
    ...lifecycle,
    ...(lifecycle.lifecycle === 'deprecated'
      ? { deprecated: '2026-01-01T00:00:00Z', sunset: '2027-01-01T00:00:00Z' }
      : {}),
    operations: (operations.length > 0 ? operations : OPERATIONS).map(operation => ({
      ...operation,
      ...draw.maybe('scopes', [[], ['read']]),
    })),
  };
}

function drawSubscriptions(
  draw: Draw,
  apps: readonly JsonObject[],
  products: readonly JsonObject[],
  plans: readonly JsonObject[],
): JsonObject[] {
  const pairs = apps
    .filter(({ partner }) => partner !== undefined)
    .flatMap(app =>
      products
        .filter(product => (product.apis as string[]).length > 0)
        .map(product => ({ app: app.id!, product: product.id! })),
    );
  if (plans.length === 0) return [];
  return pairs
    .filter(() => draw.one([true, false]))
    .map(pair => ({
      ...pair,
      ...draw.named('plan', plans),
      ...draw.maybe('status', ['requested', 'approved', 'ended']),
    }));
}

class Draw {
  private readonly g: GeneratorValue;

  constructor(g: GeneratorValue) {
    this.g = g;
  }

  one<T>(values: readonly T[]): T {
    return this.g(fc.constantFrom<T[]>, ...values);
  }

  maybe(property: string, values: readonly JsonValue[]): JsonObject {
    const value = this.one([undefined, ...values]);
    return value === undefined ? {} : { [property]: value };
  }

  /** Of pieces that text formats write in ways of their own. */
  description(): JsonObject {
    if (this.one([true, false])) return {};
    if (this.one([true, false])) return { description: this.one(LOST) };
    const pieces = this.g(fc.array<string>, fc.constantFrom(...PIECES), { maxLength: 8 });
    return { description: pieces.join('') };
  }

  named(property: string, records: readonly JsonObject[]): JsonObject {
    return records.length === 0 ? {} : { [property]: this.one(records).id! };
  }

  ids(records: readonly JsonObject[]): string[] {
    const whole = records.filter(({ upstream }) => upstream !== undefined);
    return whole.filter(() => this.one([true, false])).map(({ id }) => id as string);
  }

  some(prefix: string, most: number, make: (id: string) => JsonObject): JsonObject[] {
    const ids = this.g(
      fc.subarray<string>,
      Array.from({ length: most }, (_, i) => prefix + i),
    );
    return ids.map(make);
  }
}

/** What a registry with these lists exports: defaults filled in, ordered by id. */
export function exportOf(lists: RegistryLists): RegistryLists {
  return Object.fromEntries(
    RECORD_KINDS.map(({ list, schema }) => {
      const records = (lists[list] ?? []).map(record => withDefaults(schema as Described, record));
      return [list, (records as JsonObject[]).sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))];
    }),
  );
}

export function keyOf({ id, app, product }: JsonObject): string {
  return (id as string | undefined) ?? `${app}.${product}`;
}

interface Described {
  readonly default?: JsonValue;
  readonly properties?: Readonly<Record<string, Described>>;
  readonly items?: Described;
}

function withDefaults(schema: Described, value: JsonValue): JsonValue {
  const { properties, items } = schema;
  if (items !== undefined) return (value as JsonValue[]).map(item => withDefaults(items, item));
  if (properties === undefined) return value;
  const filled: Record<string, JsonValue> = {};
  for (const [name, property] of Object.entries(properties)) {
    const member = (value as JsonObject)[name] ?? property.default;
    if (member !== undefined) filled[name] = withDefaults(property, member);
  }
  return filled;
}
