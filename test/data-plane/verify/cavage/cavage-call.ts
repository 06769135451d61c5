import { createHash } from 'node:crypto';
import { type Call, freshNonce, KEYS, NOW_MS, signBase, type TestKey } from '../signed-call.ts';

export const RSA = KEYS['rsa-v1_5-sha256'];
export const HMAC = KEYS['hmac-sha256'];
export const ED25519 = KEYS.ed25519;
export const CAVAGE_KEYS = [RSA, HMAC, ED25519] as const;

const NAMES: Partial<Record<string, string>> = {
  'rsa-v1_5-sha256': 'rsa-sha256',
  'hmac-sha256': 'hmac-sha256',
  ed25519: 'ed25519',
};

/** Each as it is written: strings in quotes. */
export type Parameters = Readonly<Record<string, string>>;

export interface Signing {
  readonly keyId?: string;
  /** The key's own name where absent, no parameter where null. */
  readonly algorithm?: string | null;
  /** All that the call has where absent, no parameter where null. */
  readonly headers?: string | null;
  readonly created?: string;
  readonly expires?: string;
  /** What is signed in the place of the right text. */
  readonly edit?: (text: string) => string;
  /** What is sent in the place of the signature. */
  readonly signature?: string;
}

export function dateOf(ms: number): string {
  return new Date(ms).toUTCString();
}

export function digestOf(body: Buffer, name: 'SHA-256' | 'SHA-512' = 'SHA-256'): string {
  return `${name}=${createHash(name.replace('-', '')).update(body).digest('base64')}`;
}

function valuesOf({ authority, headers }: Call, name: string): string[] {
  const all = ['host', authority, ...headers];
  return all.filter((_, index) => index % 2 === 1 && all[index - 1] === name);
}

/** The call with the headers that a signer adds, where it has not got them yet. */
export function withFields(unsigned: Call): Call {
  const headers = [...unsigned.headers];
  const add = (name: string, value: string) => {
    if (valuesOf(unsigned, name).length === 0) headers.push(name, value);
  };
  add('date', dateOf(NOW_MS));
  add('x-request-id', freshNonce());
  if (unsigned.body.length > 0) add('digest', digestOf(unsigned.body));
  return { ...unsigned, headers };
}

/** The text by draft-cavage-http-signatures-12 section 2.3, written apart from the gateway's. */
export function signingString(call: Call, names: readonly string[], times: Signing = {}): string {
  const lines = names.map(name => {
    if (name === '(request-target)') {
      return `${name}: ${call.method.toLowerCase()} ${call.path}${call.query}`;
    }
    if (name === '(created)') return `${name}: ${times.created}`;
    if (name === '(expires)') return `${name}: ${times.expires}`;
    return `${name}: ${valuesOf(call, name).join(', ')}`;
  });
  return lines.join('\n');
}

function everyName(call: Call, { created, expires }: Signing): string {
  const names = ['(request-target)', 'host', 'date', 'x-request-id'];
  if (call.body.length > 0) names.push('digest');
  if (created !== undefined) names.push('(created)');
  if (expires !== undefined) names.push('(expires)');
  return names.join(' ');
}

/** Of a call that has its fields. */
export function parametersOf(call: Call, key: TestKey, signing: Signing = {}): Parameters {
  const { keyId = 'key-1', algorithm = NAMES[key.algorithm]!, created, expires } = signing;
  const { headers = everyName(call, signing), edit = (text: string) => text } = signing;
  const names = headers === null ? ['(created)'] : headers.split(' ');
  const text = edit(signingString(call, names, signing));
  const { signature = signBase(key, text).toString('base64') } = signing;
  return {
    keyId: `"${keyId}"`,
    ...(algorithm !== null && { algorithm: `"${algorithm}"` }),
    ...(created !== undefined && { created }),
    ...(expires !== undefined && { expires }),
    ...(headers !== null && { headers: `"${headers}"` }),
    signature: `"${signature}"`,
  };
}

export function fieldOf(parameters: Parameters): string {
  return Object.entries(parameters)
    .map(([name, value]) => `${name}=${value}`)
    .join(',');
}

export function withSignature(unsigned: Call, value: string): Call {
  return { ...unsigned, headers: [...unsigned.headers, 'signature', value] };
}

export function withAuthorization(unsigned: Call, value: string): Call {
  return { ...unsigned, headers: [...unsigned.headers, 'authorization', value] };
}

export function signCavage(unsigned: Call, key: TestKey, signing: Signing = {}): Call {
  const call = withFields(unsigned);
  return withSignature(call, fieldOf(parametersOf(call, key, signing)));
}
