/** A small registry: a partner with an app, a key and what it subscribes to. */
import { generateKeyPairSync } from 'node:crypto';

export function aPublicKey(): string {
  const { publicKey } = generateKeyPairSync('ed25519');
  return publicKey.export({ type: 'spki', format: 'pem' }) as string;
}

export const PARTNER = { id: 'nebula-pay', name: 'Nebula Pay', class: 'internet-platform' };
export const APP = { id: 'nebula-app', partner: 'nebula-pay' };
export const KEY = {
  id: 'https://keys.example/nebula#1',
  app: 'nebula-app',
  algorithm: 'ed25519',
  publicKey: aPublicKey(),
};
export const KEY_PATH = `/v1/keys/${encodeURIComponent(KEY.id)}`;
export const UPSTREAM = { id: 'core', url: 'http://127.0.0.1:8081' };
export const API = {
  id: 'accounts',
  name: 'Accounts',
  basePath: '/accounts',
  upstream: 'core',
  operations: [{ id: 'list', method: 'GET', path: '/{customer}' }],
};
export const TOPIC = { id: 'balance', name: 'Balance', api: 'accounts' };
export const PRODUCT = { id: 'retail', name: 'Retail', apis: ['accounts'] };
export const PLAN = { id: 'gold', name: 'Gold' };
export const SUBSCRIPTION = { app: 'nebula-app', product: 'retail', plan: 'gold' };

export const LISTS = {
  partners: [PARTNER],
  apps: [APP],
  keys: [KEY],
  upstreams: [UPSTREAM],
  apis: [API],
  topics: [TOPIC],
  products: [PRODUCT],
  plans: [PLAN],
  subscriptions: [SUBSCRIPTION],
};

/** So many that their export fits into no buffer of a socket: some 15 MB. */
export function manyPartners() {
  const name = 'x'.repeat(190);
  const contact = { name, role: 'technical', email: 'a@b.example' };
  const partner = { name, class: 'data-provider', contacts: Array(5).fill(contact) };
  return Array.from({ length: 10_000 }, (_, i) => ({ ...partner, id: `partner-${i}` }));
}
