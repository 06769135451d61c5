/** Calls in the header scheme, put together without the gateway's code. */
import { type Call, freshNonce, KEYS, NOW, signBase, type TestKey } from '../signed-call.ts';

export const RSA = KEYS['rsa-v1_5-sha256'];
export const SM2 = KEYS['sm2-sm3'];

export interface Parameters {
  readonly scheme: string;
  readonly app_id: string;
  readonly nonce: string;
  readonly timestamp: string;
  readonly serial: string;
  readonly signature: string;
}

const NAMES: Partial<Record<string, string>> = {
  'rsa-v1_5-sha256': 'XINGYUN-RSA2048-SHA256',
  'sm2-sm3': 'XINGYUN-SM2-SM3',
};

/** What is signed: one of each a line. */
export function signedText(signed: Call, timestamp: string, nonce: string): string {
  const { method, path, query, body } = signed;
  return `${method}\n${path}${query}\n${timestamp}\n${nonce}\n${body.toString('latin1')}\n`;
}

export function parametersOf(
  signed: Call,
  key: TestKey,
  changes: Partial<Parameters> = {},
): Parameters {
  const nonce = changes.nonce ?? freshNonce();
  const timestamp = changes.timestamp ?? String(NOW);
  const signature = signBase(key, signedText(signed, timestamp, nonce)).toString('base64');
  const scheme = NAMES[key.algorithm]!;
  return { scheme, app_id: 'app-1', serial: 'key-1', signature, ...changes, nonce, timestamp };
}

export function authorization({ scheme, ...parameters }: Parameters): string {
  const pairs = Object.entries(parameters).map(([name, value]) => `${name}=${value}`);
  return `${scheme} ${pairs.join(',')}`;
}

export function withAuthorization(unsigned: Call, value: string): Call {
  return { ...unsigned, headers: [...unsigned.headers, 'authorization', value] };
}

export function signXingyun(unsigned: Call, key: TestKey, changes: Partial<Parameters> = {}): Call {
  return withAuthorization(unsigned, authorization(parametersOf(unsigned, key, changes)));
}
