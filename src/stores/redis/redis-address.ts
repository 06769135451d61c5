/** The URL of Redis: what it may say. */

const FORM = 'redis://user:password@host:6379/0, or rediss:// for TLS';
const DATABASE = /^\/?(\d{1,5})?$/;

/** What is wrong with a URL; no message repeats any of it. */
export class RedisAddressError extends Error {
  constructor(problem: string) {
    super(`The URL of Redis ${problem}: it has the form ${FORM}.`);
    this.name = 'RedisAddressError';
  }
}

export interface RedisAddress {
  readonly host: string;
  readonly port: number;
  readonly isTls: boolean;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly database: number;
}

const DEFAULT_PORT = 6379;

/** @throws RedisAddressError */
export function readRedisUrl(text: string): RedisAddress {
  const url = URL.parse(text.trim());
  if (url === null) throw new RedisAddressError('cannot be read');
  const { protocol, hostname, port, username, password, pathname } = url;
  if (protocol !== 'redis:' && protocol !== 'rediss:') {
    throw new RedisAddressError('has another scheme than redis or rediss');
  }
  if (hostname === '') throw new RedisAddressError('names no host');
  if (url.search !== '' || url.hash !== '') throw new RedisAddressError('has parameters');
  const database = DATABASE.exec(pathname);
  if (database === null) throw new RedisAddressError('names a database that is no number');
  return {
    host: hostname.replace(/^\[(.+)\]$/, '$1'),
    port: port === '' ? DEFAULT_PORT : Number(port),
    isTls: protocol === 'rediss:',
    username: decode(username),
    password: decode(password),
    database: Number(database[1] ?? 0),
  };
}

function decode(text: string): string | undefined {
  if (text === '') return undefined;
  try {
    return decodeURIComponent(text);
  } catch {
    throw new RedisAddressError('has a % that encodes nothing');
  }
}
