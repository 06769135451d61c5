import { type Problem, problem } from '../../../core/problems.ts';
import type { SignatureAlgorithm } from '../../../core/snapshot.ts';
import { refuseNonceForm } from '../nonces.ts';

/** What the Authorization field of this scheme says. */
export interface Credentials {
  readonly algorithm: SignatureAlgorithm;
  readonly appId: string;
  readonly nonce: string;
  /** Seconds since the epoch, as they were written. */
  readonly timestamp: string;
  /** Id of the key. */
  readonly serial: string;
  readonly signature: Uint8Array;
}

const PREFIX = 'XINGYUN-';
const FIELD_MAX_CHARS = 4_096;
const NAMES = ['app_id', 'nonce', 'timestamp', 'serial', 'signature'] as const;
type Name = (typeof NAMES)[number];
const ALGORITHMS: ReadonlyMap<string, SignatureAlgorithm> = new Map([
  ['RSA2048-SHA256', 'rsa-v1_5-sha256'],
  ['SM2-SM3', 'sm2-sm3'],
]);
/** Bare, or in quotes without escapes. */
const PARAMETER =
  /^([a-z_]{1,16})=(?:"([\x21\x23-\x5b\x5d-\x7e]{0,4096})"|([\x21\x23-\x7e]{0,4096}))$/;
/** Until the year 2286. */
const SECONDS = /^\d{10}$/;

/** Whether a value of Authorization is of this scheme, whose name has no case (RFC 9110 11.1). */
export function isOurs(authorization: string): boolean {
  return authorization.slice(0, PREFIX.length).toUpperCase() === PREFIX;
}

export function readCredentials(authorization: string): Credentials | Problem {
  if (authorization.length > FIELD_MAX_CHARS) {
    return malformed(`Authorization is longer than ${FIELD_MAX_CHARS} characters.`);
  }
  const nameEnd = authorization.indexOf(' ');
  const name = authorization.slice(PREFIX.length, nameEnd < 0 ? undefined : nameEnd).toUpperCase();
  const algorithm = ALGORITHMS.get(name);
  if (algorithm === undefined) {
    return malformed('Authorization is neither of XINGYUN-RSA2048-SHA256 nor of XINGYUN-SM2-SM3.');
  }
  const parameters = nameEnd < 0 ? [] : authorization.slice(nameEnd).split(',');
  const values = readParameters(parameters);
  return values instanceof Map ? complete(algorithm, values) : values;
}

function readParameters(parameters: readonly string[]): Map<Name, string> | Problem {
  const values = new Map<Name, string>();
  for (const parameter of parameters) {
    const match = PARAMETER.exec(parameter.trim());
    if (match === null) return malformed('A parameter of Authorization is not name=value.');
    const name = NAMES.find(known => known === match[1]);
    if (name === undefined) return malformed('Authorization holds a parameter that is not known.');
    if (values.has(name)) return malformed(`Authorization holds ${name} more than once.`);
    values.set(name, match[2] ?? match[3]!);
  }
  for (const name of NAMES) {
    if (!values.get(name)) return malformed(`Authorization lacks ${name}.`);
  }
  return values;
}

function complete(
  algorithm: SignatureAlgorithm,
  values: ReadonlyMap<Name, string>,
): Credentials | Problem {
  const nonce = values.get('nonce')!;
  const unfit = refuseNonceForm(nonce);
  if (unfit !== undefined) return unfit;
  const timestamp = values.get('timestamp')!;
  if (!SECONDS.test(timestamp)) return malformed('timestamp is not in seconds since 1970.');
  const text = values.get('signature')!;
  const signature = Buffer.from(text, 'base64');
  if (signature.toString('base64') !== text) return malformed('signature is not base64.');
  const appId = values.get('app_id')!;
  return { algorithm, appId, nonce, timestamp, serial: values.get('serial')!, signature };
}

function malformed(detail: string): Problem {
  return problem('signature-malformed', detail);
}
