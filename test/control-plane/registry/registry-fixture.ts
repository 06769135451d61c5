import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { join } from 'node:path';
import { parseDocument } from 'yaml';
import { ConfigError, type ConfigProblem } from '../../../src/control-plane/config/index.ts';
import { loadRegistry } from '../../../src/control-plane/registry/index.ts';
import type { RegistrySnapshot } from '../../../src/core/snapshot.ts';
import { aFolder } from '../config/config-fixture.ts';

export function pemOf(key: KeyObject): string {
  return key.export({ type: 'spki', format: 'pem' }).toString();
}

export const ED25519 = generateKeyPairSync('ed25519');

/** A registry that is right; the line numbers in the tests count from its first line. */
export const REGISTRY = `partners:
  - {id: nebula, name: Nebula Pay, class: internet-platform}
apps:
  - {id: nebula-app, partner: nebula}
keys:
  - {id: nebula-key, app: nebula-app, algorithm: ed25519, publicKeyFile: ed25519.pem}
products:
  - {id: information, name: Account information, apis: [accounts]}
plans:
  - {id: standard, name: Standard}
subscriptions:
  - {app: nebula-app, product: information, plan: standard, scopes: [accounts:read]}
apis:
  - id: accounts
    name: Accounts
    basePath: /accounts/v1
    upstream: bank
    operations:
      - {id: list, method: GET, path: /accounts, scopes: [accounts:read]}
      - {id: get, method: GET, path: '/accounts/{id}'}
upstreams:
  - {id: bank, url: 'http://127.0.0.1:9000'}
`;

type Files = Readonly<Record<string, string | Uint8Array>>;

export async function load(text: string = REGISTRY, files: Files = {}): Promise<RegistrySnapshot> {
  const folder = aFolder({
    'ed25519.pem': pemOf(ED25519.publicKey),
    ...files,
    'registry.yaml': text,
  });
  return loadRegistry(join(folder, 'registry.yaml'), 1);
}

/** REGISTRY with an option set, as `apis.0.basePath`; undefined removes it. */
export function changed(path: string, value: unknown, text = REGISTRY): string {
  const document = parseDocument(text);
  const steps = path.split('.').map(step => (/^\d+$/.test(step) ? Number(step) : step));
  if (value === undefined) document.deleteIn(steps);
  else document.setIn(steps, document.createNode(value, { flow: true }));
  return document.toString({ lineWidth: 0 });
}

/** The problems of a registry that must be refused. */
export async function problems(text: string, files: Files = {}): Promise<readonly ConfigProblem[]> {
  try {
    await load(text, files);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  throw new Error('the load succeeded');
}

/** `line path` of each problem that this registry has. */
export async function places(text: string, files: Files = {}): Promise<string[]> {
  return (await problems(text, files)).map(({ line, path }) => `${line} ${path}`);
}

/** `path: message` of each problem that this registry has. */
export async function complaints(text: string, files: Files = {}): Promise<string[]> {
  return (await problems(text, files)).map(({ path, message }) => `${path}: ${message}`);
}
