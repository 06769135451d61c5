import type { BodyDigest } from '../../../core/check.ts';
import { type Problem, problem } from '../../../core/problems.ts';
import { trimField } from '../field-lines.ts';

/** Both digests take 148. */
const DIGEST_MAX_CHARS = 1_024;
/** Names have no case (RFC 3230 section 4.1.1). */
const SUPPORTED: ReadonlyMap<string, { algorithm: BodyDigest['algorithm']; bytes: number }> =
  new Map([
    ['sha-256', { algorithm: 'sha-256', bytes: 32 }],
    ['sha-512', { algorithm: 'sha-512', bytes: 64 }],
  ]);
const INSTANCE_DIGEST = /^([!#$%&'*+.^`|~\w-]+)=([\x21\x23-\x2b\x2d-\x7e]+)$/;

/**
 * Every supported digest in a Digest field (RFC 3230 section 4.3.2). `digest-mismatch` where the
 * field is not well formed or holds none: the body is unproven then.
 */
export function readDigest(text: string): readonly BodyDigest[] | Problem {
  if (text.length > DIGEST_MAX_CHARS) {
    return mismatch(`Digest is longer than ${DIGEST_MAX_CHARS} characters.`);
  }
  const digests: BodyDigest[] = [];
  for (const member of text.split(',')) {
    const match = INSTANCE_DIGEST.exec(trimField(member));
    if (match === null) return mismatch('Digest is not a list of algorithm=digest.');
    const supported = SUPPORTED.get(match[1]!.toLowerCase());
    if (supported === undefined) continue;
    const { algorithm, bytes } = supported;
    // Each costs a pass over the body.
    if (digests.some(digest => digest.algorithm === algorithm)) {
      return mismatch(`Digest holds ${algorithm} more than once.`);
    }
    const expected = Buffer.from(match[2]!, 'base64');
    if (expected.length !== bytes || expected.toString('base64') !== match[2]) {
      return mismatch(`${algorithm} in Digest is not a digest of that algorithm in base64.`);
    }
    digests.push({ algorithm, expected });
  }
  return digests.length > 0 ? digests : mismatch('Digest holds neither SHA-256 nor SHA-512.');
}

function mismatch(detail: string): Problem {
  return problem('digest-mismatch', detail);
}
