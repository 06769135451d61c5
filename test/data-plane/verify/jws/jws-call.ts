import { type Call, KEYS, NOW, signBase, type TestKey } from '../signed-call.ts';

export const RS256 = KEYS['rsa-v1_5-sha256'];
export const PS256 = KEYS['rsa-pss-sha256'];
export const ES256 = KEYS['ecdsa-p256-sha256'];
export const JWS_KEYS = [RS256, PS256, ES256];
export const IAT = 'http://openbanking.org.uk/iat';
export const ISS = 'http://openbanking.org.uk/iss';
export const TAN = 'http://openbanking.org.uk/tan';

const NAMES: Partial<Record<string, string>> = {
  'rsa-v1_5-sha256': 'RS256',
  'rsa-pss-sha256': 'PS256',
  'ecdsa-p256-sha256': 'ES256',
};

export type Header = Record<string, unknown>;

/** As UK Open Banking writes it. */
export function headerFor(key: TestKey, changes: Header = {}): Header {
  return {
    ...{ alg: NAMES[key.algorithm], kid: 'key-1', typ: 'JOSE', cty: 'application/json' },
    ...{ [IAT]: NOW, [ISS]: 'C=UK, ST=England, OU=TPP', [TAN]: 'openbanking.org.uk' },
    ...{ crit: [IAT, ISS, TAN], jti: crypto.randomUUID() },
    ...changes,
  };
}

export function encode(value: unknown, spaces = 0): string {
  return Buffer.from(JSON.stringify(value, null, spaces)).toString('base64url');
}

export function fieldOf(key: TestKey, header: Header, body: Buffer): string {
  const protectedText = encode(header);
  const isRaw = header.b64 === false;
  const payload = isRaw ? body.toString('latin1') : body.toString('base64url');
  const signature = signBase(key, `${protectedText}.${payload}`);
  return `${protectedText}..${signature.toString('base64url')}`;
}

export function withField(unsigned: Call, value: string): Call {
  return { ...unsigned, headers: [...unsigned.headers, 'x-jws-signature', value] };
}

export function signJws(unsigned: Call, key: TestKey, changes: Header = {}): Call {
  return withField(unsigned, fieldOf(key, headerFor(key, changes), unsigned.body));
}

/** What binds it to a call. */
export function bound({ method, scheme, authority, path, query }: Call): Header {
  return { htm: method, htu: `${scheme}://${authority}${path}${query}` };
}
