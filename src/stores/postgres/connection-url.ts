/** The URL of a database: what it may say, and what it means for a connection. */
import { readFileSync } from 'node:fs';
import type { ClientConfig } from 'pg';
import { RegistryStoreError } from '../registry-contract.ts';

export interface DatabaseAddress {
  readonly config: ClientConfig;
  /** "The database xingyun at db.bank.example:5432", for sentences. */
  readonly subject: string;
}

const DEFAULT_PORT = 5432;
const PARAMETERS = ['host', 'sslmode', 'sslrootcert', 'sslcert', 'sslkey'];
const FORM = 'postgres://user:password@host:5432/database?sslmode=verify-full';

/**
 * Reads `postgres://user:password@host:port/database`. Parameters: `sslmode` (below), the files
 * `sslrootcert`, `sslcert` and `sslkey`, and `host` for the folder of a Unix socket.
 *
 * @throws RegistryStoreError `unusable`; no message repeats any of the URL but host and database
 */
export function readDatabaseUrl(text: string): DatabaseAddress {
  const url = parseUrl(text);
  const socketFolder = url.searchParams.get('host');
  const host = socketFolder ?? decode(url.hostname).replace(/^\[(.+)\]$/, '$1');
  const port = url.port === '' ? DEFAULT_PORT : Number(url.port);
  const database = decode(url.pathname.slice(1));
  if (host === '') throw unusable('names no host');
  if (database === '') throw unusable('names no database');
  const password = decode(url.password);
  const config: ClientConfig = {
    host,
    port,
    database,
    ...(url.username !== '' && { user: decode(url.username) }),
    // A function, so that no file of passwords in a home folder is read where there is none.
    password: () => password,
    ssl: tlsOf(url, host),
  };
  return { config, subject: `The database ${database} at ${host}:${port}` };
}

function unusable(problem: string, cause?: unknown): RegistryStoreError {
  const message = `The URL of the database ${problem}: it has the form ${FORM}.`;
  return new RegistryStoreError('unusable', message, cause);
}

function parseUrl(text: string): URL {
  const url = URL.parse(text);
  if (url === null) throw unusable('cannot be read');
  if (url.protocol !== 'postgres:' && url.protocol !== 'postgresql:') {
    throw unusable('has another scheme than postgres');
  }
  for (const name of url.searchParams.keys()) {
    if (!PARAMETERS.includes(name)) {
      throw unusable(`has a parameter that is none of ${PARAMETERS.join(', ')}`);
    }
  }
  return url;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw unusable('has a % that encodes nothing');
  }
}

/**
 * `verify-full`, which also is what counts where nothing is said, checks the certificate and its
 * name; `verify-ca` the certificate alone; `require` encrypts to whoever answers; `disable` is
 * plain. Sockets and the loopback interface are plain where nothing is said.
 */
function tlsOf(url: URL, host: string): ClientConfig['ssl'] {
  const mode = url.searchParams.get('sslmode') ?? (isLocal(host) ? 'disable' : 'verify-full');
  const files = {
    ca: fileOf(url, 'sslrootcert'),
    cert: fileOf(url, 'sslcert'),
    key: fileOf(url, 'sslkey'),
  };
  const given = Object.fromEntries(Object.entries(files).filter(([, pem]) => pem !== undefined));
  switch (mode) {
    case 'disable':
      return false;
    case 'require':
      return { ...given, rejectUnauthorized: false };
    case 'verify-ca':
      return { ...given, checkServerIdentity: () => undefined };
    case 'verify-full':
      return given;
    default:
      throw unusable('has an sslmode that is none of verify-full, verify-ca, require, disable');
  }
}

function isLocal(host: string): boolean {
  return host.startsWith('/') || host === 'localhost' || host === '::1' || host.startsWith('127.');
}

function fileOf(url: URL, name: string): string | undefined {
  const path = url.searchParams.get(name);
  if (path === null) return undefined;
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw unusable(`names a file as ${name} that cannot be read`, error);
  }
}
