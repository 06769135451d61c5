/** Requests with an access token (RFC 9068) signed RS256, for what checks those. */
import { sign } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { benchKey } from '../rig/bench-folder.ts';
import { ISSUER, ISSUER_KEY_ID, PUBLIC_AUTHORITY } from '../rig/gateway-files.ts';
import type { Records } from './wrk.ts';

/** Many, so that no layer could live off having seen the last one. */
const TOKENS = 1_024;
const TOKEN_VALID_SECONDS = 3_600;
const NUMBER_DIGITS = 6;

const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

/** Writes requests for `path`, each with a token of its own, into `file`. */
export function writeBearerRecords(file: string, path: string): Records {
  const { privateText } = benchKey('rsa');
  const iat = Math.floor(Date.now() / 1_000);
  const exp = iat + TOKEN_VALID_SECONDS;
  const app = 'app-0';
  const texts = Array.from({ length: TOKENS }, (_, number) => {
    const jti = `token-${String(number).padStart(NUMBER_DIGITS, '0')}`;
    const client = { sub: app, client_id: app, scope: 'orders:read' };
    const claims = { iss: ISSUER, aud: PUBLIC_AUTHORITY, ...client, jti, iat, exp };
    const text = `${part({ alg: 'RS256', typ: 'at+jwt', kid: ISSUER_KEY_ID })}.${part(claims)}`;
    const token = `${text}.${sign('sha256', Buffer.from(text), privateText).toString('base64url')}`;
    const host = `host: ${PUBLIC_AUTHORITY}`;
    return `GET ${path} HTTP/1.1\r\n${host}\r\nauthorization: Bearer ${token}\r\n\r\n`;
  });
  writeFileSync(file, texts.join(''), { encoding: 'latin1', mode: 0o600 });
  return { file, recordBytes: texts[0]!.length, first: 0, count: TOKENS };
}
