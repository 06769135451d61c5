/**
 * A record has three forms: given, what a person sends, which fits its schema; stored, with its
 * defaults filled in, its secrets sealed and what is worked out from it under `derived`; shown,
 * stored without `derived`, which may be given again and changes nothing.
 */
import { createHash } from 'node:crypto';
import type { JsonObject, JsonValue } from '../../stores/registry-contract.ts';
import { createValueCheck, type ValueCheck } from '../config/schema-check.ts';
import { completeApi } from './api-form.ts';
import type { FormContext, FormRefusal } from './form-context.ts';
import { completeKey } from './key-form.ts';
import { type AnyKind, RECORD_KINDS, type RecordKind } from './kinds.ts';
import { holdsPrivateKey } from './public-keys.ts';
import type { Api, Key } from './schema.ts';
import { isSealed, type SecretSealer } from './sealer.ts';
import { completeUpstream } from './upstream-form.ts';
import type { Upstream } from './upstream-schema.ts';

export type { FormRefusal } from './form-context.ts';
export { keyMaterial } from './key-form.ts';

type Complete = (body: never, context: FormContext, refuse: RefuseInto) => JsonObject;
type RefuseInto = (pointer: string, message: string) => void;

/** What no schema can say, by kind. */
const COMPLETE: Partial<Record<RecordKind, Complete>> = {
  key: (body: Key, context, refuse) => completeKey(body, context, refuse),
  upstream: (body: Upstream, context, refuse) => completeUpstream(body, context, refuse),
  api: (body: Api, _, refuse) => completeApi(body, refuse),
};

/** Lists and objects within each other; the deepest record has 5. Far below any stack's end. */
const DEPTH_MAX = 16;
const TOO_DEEP = `must have at most ${DEPTH_MAX} lists and objects within each other`;

const MASK = 'masked';
/** Of the digest behind it, in hexadecimal: enough to see that it is another one. */
const MASK_DIGEST_CHARS = 12;
/** Properties that hold a secret, sealed or not, wherever they are. */
const SECRET_NAMES = ['secret', 'sealedSecret', 'sealedKey'];

/** The stored form of what was given, or every reason why there is none. */
export function toStored(
  kind: RecordKind,
  given: JsonObject,
  context: FormContext,
): { readonly stored: JsonObject } | { readonly refusals: readonly FormRefusal[] } {
  if (isDeeper(given, DEPTH_MAX)) return { refusals: [{ pointer: '', message: TOO_DEEP }] };
  const body = copyOf(given) as JsonObject;
  const misfits = checkOf(kind)(body);
  if (misfits.length > 0) return { refusals: misfits };
  const complete = COMPLETE[kind];
  if (complete === undefined) return { stored: body };
  const refusals: FormRefusal[] = [];
  const refuse = (pointer: string, message: string) => refusals.push({ pointer, message });
  const stored = complete(body as never, context, refuse);
  return refusals.length > 0 ? { refusals } : { stored };
}

export function toShown(_kind: AnyKind, stored: JsonObject): JsonObject {
  if (stored.derived === undefined) return stored;
  const { derived: _, ...shown } = stored;
  return shown;
}

/** Whether a secret in it is to be sealed with the first key of the file, and is with another. */
export function isSealOutdated(stored: JsonObject, sealer: SecretSealer): boolean {
  const { sealedSecret, tls } = stored;
  const sealed = sealedSecret ?? (tls as JsonObject | undefined)?.sealedKey;
  return typeof sealed === 'string' && sealer.isOutdated(sealed);
}

/**
 * For the audit log: as shown, with `masked` in place of each secret. Where it is sealed a digest
 * of the sealed text follows, which says nothing of the secret and differs where that was
 * replaced; a digest of one in clear could be tried against guesses. Of the calls by which an open
 * certification run is judged it has their number: they are written again and again.
 */
export function toMasked(kind: AnyKind, stored: JsonObject): JsonObject {
  const masked = maskIn(toShown(kind, stored)) as JsonObject;
  if (kind !== 'certification' || !Array.isArray(masked.calls)) return masked;
  return { ...masked, calls: masked.calls.length };
}

function maskIn(value: JsonValue): JsonValue {
  if (typeof value === 'string') return holdsPrivateKey(value) ? MASK : value;
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(maskIn);
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [
      name,
      SECRET_NAMES.includes(name) && member !== null ? maskOf(member) : maskIn(member),
    ]),
  );
}

function maskOf(secret: JsonValue): string {
  if (typeof secret !== 'string' || !isSealed(secret)) return MASK;
  return `${MASK}:${createHash('sha256').update(secret).digest('hex').slice(0, MASK_DIGEST_CHARS)}`;
}

/** Ends at the limit, however deep the value goes on. */
function isDeeper(value: JsonValue, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (levels === 0) return true;
  return Object.values(value).some(member => isDeeper(member, levels - 1));
}

/** So that filling defaults in does not change what somebody else holds. */
function copyOf(value: JsonValue): JsonValue {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(copyOf);
  // Defines, where an assignment of `__proto__` would hide it from the schema.
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, copyOf(member)]));
}

const checks = new Map<RecordKind, ValueCheck>();

/** Compiled when first needed: a command that checks nothing does not wait for nine schemas. */
function checkOf(kind: RecordKind): ValueCheck {
  let check = checks.get(kind);
  if (check === undefined) {
    check = createValueCheck(RECORD_KINDS.find(entry => entry.kind === kind)!.schema);
    checks.set(kind, check);
  }
  return check;
}
