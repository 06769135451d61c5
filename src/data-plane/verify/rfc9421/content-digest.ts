import type { BodyDigest } from '../../../core/check.ts';
import { type Problem, problem } from '../../../core/problems.ts';
import { parseDictionary } from '../structured-fields/parse-field.ts';
import { BareItem } from '../structured-fields/values.ts';
import { CONTENT_DIGEST_MAX_CHARS } from './limits.ts';

/** Bytes of each digest that is checked; others in the field are left alone. */
const DIGEST_BYTES = { 'sha-256': 32, 'sha-512': 64 } as const;

/**
 * Every supported digest in a Content-Digest field (RFC 9530 section 2). `digest-mismatch` where
 * the field is not well formed or holds no supported digest: the body is unproven then.
 */
export function readContentDigest(text: string): readonly BodyDigest[] | Problem {
  if (text.length > CONTENT_DIGEST_MAX_CHARS) {
    return mismatch(`Content-Digest is longer than ${CONTENT_DIGEST_MAX_CHARS} characters.`);
  }
  const dictionary = parseDictionary(text);
  if (dictionary === undefined) return mismatch('Content-Digest is not a well-formed dictionary.');
  const digests: BodyDigest[] = [];
  for (const algorithm of ['sha-256', 'sha-512'] as const) {
    const member = dictionary.get(algorithm);
    if (member === undefined) continue;
    const expected = member.value instanceof BareItem ? member.value.value : undefined;
    if (!(expected instanceof Uint8Array) || expected.length !== DIGEST_BYTES[algorithm]) {
      return mismatch(`${algorithm} in Content-Digest is not a digest of that algorithm.`);
    }
    digests.push({ algorithm, expected });
  }
  if (digests.length === 0) return mismatch('Content-Digest holds neither sha-256 nor sha-512.');
  return digests;
}

function mismatch(detail: string): Problem {
  return problem('digest-mismatch', detail);
}
