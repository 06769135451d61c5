/** From where a call gets its key: a client file, and options that take precedence. */
import type { KeyObject } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { readSigningKey } from '../client/key-files.ts';
import {
  SIGNATURE_ALGORITHMS,
  SIGNATURE_SCHEMES,
  type SignatureAlgorithm,
  type SignatureSchemeName,
} from '../core/snapshot.ts';
import { CommandFailure, orFail } from './failures.ts';

export interface SettingsOptions {
  readonly clientFile: string;
  readonly key?: string;
  readonly keyId?: string;
  readonly algorithm?: SignatureAlgorithm;
  readonly scheme?: SignatureSchemeName;
  readonly appId?: string;
  readonly baseUrl?: string;
}

export interface ClientSettings {
  readonly baseUrl: string;
  readonly keyId: string;
  readonly algorithm: SignatureAlgorithm;
  readonly scheme: SignatureSchemeName;
  readonly appId?: string;
  readonly privateKey: KeyObject;
}

const BASE_URL_DEFAULT = 'http://127.0.0.1:8080';
const MEMBERS = ['baseUrl', 'keyId', 'algorithm', 'scheme', 'appId', 'privateKeyFile'] as const;
type ClientFileContent = Partial<Record<(typeof MEMBERS)[number], string>>;

function readClientFile(file: string): ClientFileContent {
  const text = orFail(
    'The client file cannot be read (npm start makes one; or give --key, --key-id, --algorithm)',
    () => readFileSync(file, 'utf8'),
  );
  const value: unknown = orFail(`${file} is not JSON`, () => JSON.parse(text));
  if (typeof value !== 'object' || value === null) {
    throw new CommandFailure(`${file} is not a client file.`);
  }
  const content = value as Record<string, unknown>;
  for (const name of MEMBERS) {
    if (content[name] !== undefined && typeof content[name] !== 'string') {
      throw new CommandFailure(`${file}: ${name} is not text.`);
    }
  }
  return content as ClientFileContent;
}

function isAlgorithm(name: string): name is SignatureAlgorithm {
  return (SIGNATURE_ALGORITHMS as readonly string[]).includes(name);
}

function isScheme(name: string): name is SignatureSchemeName {
  return (SIGNATURE_SCHEMES as readonly string[]).includes(name);
}

function missing(name: string, file: string): CommandFailure {
  return new CommandFailure(`${name} is neither given nor in ${file}.`);
}

/** The options from which {@link readClientSettings} reads. */
export function addSettingsOptions(command: Command): Command {
  return command
    .option('--client-file <file>', 'base URL and key', '.xingyun/client.json')
    .option('--key <file>', 'private key, or secret, instead of the client file’s')
    .option('--key-id <id>', 'key id instead of the client file’s')
    .addOption(
      new Option('--algorithm <name>', 'algorithm instead of the client file’s').choices(
        SIGNATURE_ALGORITHMS,
      ),
    )
    .addOption(
      new Option('--scheme <name>', 'way to sign instead of the client file’s').choices(
        SIGNATURE_SCHEMES,
      ),
    )
    .option('--app-id <id>', 'app instead of the client file’s, which the scheme xingyun names')
    .option('--base-url <url>', 'base URL instead of the client file’s');
}

/** The file may be absent where the options name key, key id and algorithm. */
function isFileWanted({ clientFile, key, keyId, algorithm, baseUrl }: SettingsOptions): boolean {
  if (key === undefined || keyId === undefined || algorithm === undefined) return true;
  return baseUrl === undefined && existsSync(clientFile);
}

/** The file is read only where an option leaves something open. */
export function readClientSettings(options: SettingsOptions): ClientSettings {
  const { clientFile, key } = options;
  const content = isFileWanted(options) ? readClientFile(clientFile) : {};
  const keyId = options.keyId ?? content.keyId;
  if (keyId === undefined) throw missing('The key id', clientFile);
  const algorithm = options.algorithm ?? content.algorithm;
  if (algorithm === undefined) throw missing('The algorithm', clientFile);
  if (!isAlgorithm(algorithm)) {
    throw new CommandFailure(`${clientFile}: ${algorithm} is no algorithm of the gateway.`);
  }
  const fromFile = content.privateKeyFile && resolve(dirname(clientFile), content.privateKeyFile);
  const keyFile = key ?? fromFile;
  if (keyFile === undefined) throw missing('The private key', clientFile);
  const privateKey = orFail('The key cannot be used', () => readSigningKey(keyFile, algorithm));
  const baseUrl = options.baseUrl ?? content.baseUrl ?? BASE_URL_DEFAULT;
  const scheme = options.scheme ?? content.scheme ?? 'rfc9421';
  if (!isScheme(scheme)) {
    throw new CommandFailure(`${clientFile}: ${scheme} is no scheme of the gateway.`);
  }
  const appId = options.appId ?? content.appId;
  return { baseUrl, keyId, algorithm, scheme, ...(appId && { appId }), privateKey };
}
