/** Prepares the folder of the demonstration: keys, a token, registry, configuration, clients. */
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { createPrivateFile, generateKey, publicTextOf } from '../client/key-files.ts';
import type { SignatureSchemeName } from '../core/snapshot.ts';
import { apiDocumentFile, DEMO_APIS } from './bank/api-document.ts';
import { bankPortsFileOf, bankPortsText } from './bank-ports.ts';
import { ALL_DEMO_PARTNERS, DEFAULT_PARTNER, type DemoKey, type DemoPartner } from './partners.ts';
import { configText, privateFileOf, publicFileOf, registryText } from './registry-file.ts';
import { suiteText } from './suite-file.ts';
import {
  DEMO_OPERATORS,
  OPERATORS_FILE,
  operatorsText,
  operatorTokenFileOf,
  prepareToken,
  publisherTokenFileOf,
} from './tokens.ts';

export interface DemoOptions {
  /** Where the demo bank listens, on 127.0.0.1. */
  readonly bankPort: number;
  /** Where the bank's sandbox listens; at bankPort where absent. */
  readonly sandboxPort?: number;
  /** The gateway's listener, as the clients will call it: not 0. */
  readonly gatewayPort?: number;
  readonly adminPort?: number;
  /**
   * Called once with the state folder's absolute path, when no signature can have been accepted
   * yet: every key was made in this very call. Creates the gateway's nonce state, so that the first
   * start need not refuse what was signed before it.
   */
  readonly initialiseState?: (stateDir: string) => void;
}

/** Absolute paths of what was prepared. */
export interface DemoFiles {
  readonly dir: string;
  readonly configFile: string;
  readonly registryFile: string;
  readonly stateDir: string;
  readonly publisherTokenFile: string;
  /** What `--token-file` of the `xingyun` commands takes. */
  readonly operatorTokenFile: string;
  /** What `xingyun call` reads by default. */
  readonly clientFile: string;
  /** One such file per key, by key id. */
  readonly clientFiles: ReadonlyMap<string, string>;
  /** What `xingyun certify` reads by default. */
  readonly suiteFile: string;
}

/** What `client.json` holds; the file name is relative to it. */
export interface ClientFile {
  readonly baseUrl: string;
  readonly keyId: string;
  readonly algorithm: DemoKey['algorithm'];
  /** `rfc9421` where absent. */
  readonly scheme?: SignatureSchemeName;
  /** Where the scheme names it. */
  readonly appId?: string;
  readonly privateKeyFile: string;
}

interface OwnedKey {
  readonly key: DemoKey;
  readonly appId: string;
}

/** Replaces a file in one step, so that nobody reads half of it. */
function writeDerived(file: string, text: string | Buffer, mode: number): void {
  const draft = `${file}.new`;
  writeFileSync(draft, text, { mode });
  chmodSync(draft, mode);
  renameSync(draft, file);
}

function afresh(dir: string): string {
  return `Or remove ${dir} to begin afresh.`;
}

/** The registry knows the public key of one that was used: another would be refused. */
function refuseLostKeys(dir: string): void {
  // One that an earlier version did not make was not used.
  const wasMade = (key: DemoKey) =>
    key.algorithm === 'hmac-sha256' || existsSync(join(dir, publicFileOf(key)));
  const lost = ALL_DEMO_PARTNERS.flatMap(({ keys }) => keys)
    .filter(wasMade)
    .map(key => join(dir, privateFileOf(key)))
    .find(file => !existsSync(file));
  if (lost === undefined || !existsSync(join(dir, 'state'))) return;
  throw new Error(
    `${lost} is missing, and the registry has its public key: put it back. ${afresh(dir)}`,
  );
}

/** True where the key did not exist before. */
function prepareKey(dir: string, key: DemoKey): boolean {
  const file = join(dir, privateFileOf(key));
  const isNew =
    !existsSync(file) && createPrivateFile(file, generateKey(key.algorithm).privateText);
  chmodSync(file, 0o600);
  if (key.algorithm === 'hmac-sha256') return isNew;
  try {
    writeDerived(join(dir, publicFileOf(key)), publicTextOf(readFileSync(file, 'utf8')), 0o644);
  } catch (cause) {
    throw new Error(`${file} does not hold a private key: put it back. ${afresh(dir)}`, { cause });
  }
  return isNew;
}

function clientText(
  dir: string,
  file: string,
  { key, appId }: OwnedKey,
  gatewayPort: number,
): string {
  const scheme = key.schemes?.[0];
  const client: ClientFile = {
    baseUrl: `http://127.0.0.1:${gatewayPort}`,
    keyId: key.id,
    algorithm: key.algorithm,
    ...(scheme && { scheme, appId }),
    privateKeyFile: relative(dirname(file), join(dir, privateFileOf(key))),
  };
  return `${JSON.stringify(client, undefined, 2)}\n`;
}

function ownedKeys({ appId, keys }: DemoPartner): OwnedKey[] {
  return keys.map(key => ({ key, appId }));
}

function prepareClients(
  dir: string,
  gatewayPort: number,
): Pick<DemoFiles, 'clientFile' | 'clientFiles'> {
  const clientFiles = new Map<string, string>();
  for (const owned of ALL_DEMO_PARTNERS.flatMap(ownedKeys)) {
    const { id } = owned.key;
    const file = join(dir, 'clients', `${id}.json`);
    writeDerived(file, clientText(dir, file, owned, gatewayPort), 0o600);
    clientFiles.set(id, file);
  }
  const clientFile = join(dir, 'client.json');
  const owned = ownedKeys(DEFAULT_PARTNER)[0]!;
  writeDerived(clientFile, clientText(dir, clientFile, owned, gatewayPort), 0o600);
  return { clientFile, clientFiles };
}

/**
 * Creates what is missing and rewrites what is derived; a key that exists is kept as it is.
 * @throws Error where the folder cannot be written, or a key in it cannot be read or was lost
 */
export async function prepareDemo(dir: string, options: DemoOptions): Promise<DemoFiles> {
  const { bankPort, sandboxPort = bankPort, gatewayPort = 8_080, adminPort = 9_090 } = options;
  const root = resolve(dir);
  mkdirSync(root, { recursive: true, mode: 0o700 });
  for (const folder of ['keys', 'clients', 'openapi']) {
    mkdirSync(join(root, folder), { recursive: true, mode: 0o700 });
  }
  refuseLostKeys(root);
  const created = ALL_DEMO_PARTNERS.flatMap(({ keys }) => keys).map(key => prepareKey(root, key));
  for (const api of DEMO_APIS) {
    writeDerived(join(root, 'openapi', `${api}.yaml`), readFileSync(apiDocumentFile(api)), 0o644);
  }
  const publisherTokenFile = publisherTokenFileOf(root);
  const operatorTokenFile = operatorTokenFileOf(root);
  for (const operator of DEMO_OPERATORS) prepareToken(operatorTokenFileOf(root, operator));
  prepareToken(publisherTokenFile);
  writeDerived(join(root, OPERATORS_FILE), operatorsText(root), 0o600);
  const registryFile = join(root, 'registry.yaml');
  const configFile = join(root, 'xingyun.yaml');
  const bankPorts = { port: bankPort, sandboxPort };
  writeDerived(bankPortsFileOf(root), bankPortsText(bankPorts), 0o644);
  writeDerived(registryFile, registryText(bankPorts), 0o644);
  writeDerived(configFile, configText(gatewayPort, adminPort), 0o644);
  const suiteFile = join(root, 'certify.yaml');
  writeDerived(suiteFile, suiteText(), 0o644);
  const stateDir = join(root, 'state');
  const isFirst = !existsSync(stateDir) && created.every(isNew => isNew);
  mkdirSync(stateDir, { recursive: true, mode: 0o700 });
  if (isFirst) options.initialiseState?.(stateDir);
  const clients = prepareClients(root, gatewayPort);
  const files = { configFile, registryFile, stateDir, suiteFile };
  return { dir: root, ...files, publisherTokenFile, operatorTokenFile, ...clients };
}
