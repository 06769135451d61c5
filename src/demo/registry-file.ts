/** The demonstration's `registry.yaml` and `xingyun.yaml`, built from the list of partners. */
import { stringify } from 'yaml';
import { DEMO_APIS } from './bank/api-document.ts';
import { BANK, type BankPorts, bankUpstreams, SANDBOX_BANK } from './bank-ports.ts';
import { ALL_DEMO_PARTNERS, type DemoKey, type DemoPartner } from './partners.ts';
import { OPERATORS_FILE, PUBLISHER_TOKEN_FILE } from './tokens.ts';

const HEADER =
  '# Written anew at every start of the demonstration: change a copy, not this file.\n';
const SEED =
  '# What the first start puts into the registry. From then on the registry is changed there:\n' +
  '# xingyun registry export | diff | apply.\n';

const PRODUCTS = [
  { id: 'account-information', name: 'Account information', apis: ['accounts'] },
  { id: 'payments', name: 'Payments', apis: ['transfers'] },
  { id: 'invoice-financing', name: 'Invoice financing', apis: ['invoices'] },
  { id: 'sandbox', name: 'Sandbox', apis: ['sandbox'] },
];

/** What partners may subscribe to over WebSocket; the bank publishes it. */
const TOPICS = [
  {
    id: 'transfer-status',
    name: 'Transfers completed',
    api: 'transfers',
    scopes: ['transfers:read'],
  },
  {
    id: 'account-transactions',
    name: 'Bookings on accounts',
    api: 'accounts',
    scopes: ['transactions:read'],
  },
  { id: 'notices', name: 'Notices', api: 'sandbox', scopes: ['sandbox:use'], audience: 'everyone' },
];

const PLANS = [
  { id: 'standard', name: 'Standard' },
  { id: 'premium', name: 'Premium' },
];

/** The file, relative to the demonstration's folder, that holds what the key's owner signs with. */
export function privateFileOf(key: DemoKey): string {
  const kind = key.algorithm === 'hmac-sha256' ? 'secret' : 'private.pem';
  return `keys/${key.id}.${kind}`;
}

export function publicFileOf(key: DemoKey): string {
  return `keys/${key.id}.public.pem`;
}

function keyEntry(key: DemoKey, app: string): object {
  const material =
    key.algorithm === 'hmac-sha256'
      ? { secretFile: privateFileOf(key) }
      : { publicKeyFile: publicFileOf(key) };
  const { id, algorithm, schemes } = key;
  return { id, app, algorithm, ...(schemes && { schemes }), ...material };
}

/** Without them a newcomer is not reviewed. */
function contactsOf(id: string): object[] {
  return [
    { name: 'Integration desk', role: 'technical', email: `integration@${id}.example` },
    { name: 'Security desk', role: 'security', email: `security@${id}.example` },
  ];
}

function partnerEntry({ id, name, class: kind, status }: DemoPartner): object {
  if (status === undefined) return { id, name, class: kind };
  return { id, name, class: kind, status, contacts: contactsOf(id) };
}

function appEntry({ id, appId, environment }: DemoPartner): object {
  return { id: appId, partner: id, ...(environment === undefined ? {} : { environment }) };
}

/** @param ports where the bank listens, and its sandbox, which has books of its own */
export function registryText(ports: BankPorts): string {
  const registry = {
    partners: ALL_DEMO_PARTNERS.map(partnerEntry),
    apps: ALL_DEMO_PARTNERS.map(appEntry),
    keys: ALL_DEMO_PARTNERS.flatMap(({ appId, keys }) => keys.map(key => keyEntry(key, appId))),
    products: PRODUCTS,
    plans: PLANS,
    subscriptions: ALL_DEMO_PARTNERS.flatMap(({ appId, subscriptions }) =>
      subscriptions.map(({ product, plan, scopes }) => ({ app: appId, product, plan, scopes })),
    ),
    apis: DEMO_APIS.map(api => ({
      id: api,
      name: PRODUCTS.find(({ apis }) => apis.includes(api))!.name,
      basePath: `/${api}/v1`,
      upstream: BANK,
      sandboxUpstream: SANDBOX_BANK,
      openapi: `openapi/${api}.yaml`,
    })),
    topics: TOPICS,
    upstreams: bankUpstreams(ports),
  };
  return HEADER + SEED + stringify(registry, { aliasDuplicateObjects: false });
}

export function configText(listenerPort: number, adminPort: number): string {
  const config = {
    registryFile: 'registry.yaml',
    stateDir: 'state',
    // At the first start: what operators change afterwards stays.
    registry: { fileAtStart: 'seed' },
    listener: { port: listenerPort },
    admin: { port: adminPort, operatorsFile: OPERATORS_FILE },
    events: { publisherTokenFile: PUBLISHER_TOKEN_FILE },
    telemetry: { accessLogFile: 'access.log' },
  };
  return HEADER + stringify(config);
}
