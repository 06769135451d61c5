import { type Problem, problem } from '../../../core/problems.ts';
import { combinedField } from '../field-lines.ts';
import { CREATED, EXPIRES } from './covered-headers.ts';
import type { Credentials } from './credentials.ts';

const MS_PER_SECOND = 1_000;
/** Of draft 10, whose signers know no `created` (draft 12 section 2.3). */
const WITHOUT_TIMES = /^(?:rsa|hmac|ecdsa)/;

type Timed = Pick<Credentials, 'algorithm' | 'covered' | 'created' | 'expires'>;

/** Seconds since the epoch: `(created)` where it is covered, Date where that alone is. */
export function readSigningTime(timed: Timed, headers: readonly string[]): number | Problem {
  const { covered, created, expires } = timed;
  const unfit = refuseCovered(CREATED, timed, created) ?? refuseCovered(EXPIRES, timed, expires);
  if (unfit !== undefined) return unfit;
  if (created !== undefined && expires !== undefined && expires < created) {
    return malformed('expires lies before created.');
  }
  return covered.includes(CREATED) ? created! : readDate(combinedField(headers, 'date'));
}

/** Section 2.3, items 2 and 3. */
function refuseCovered(
  name: typeof CREATED | typeof EXPIRES,
  { algorithm = '', covered }: Timed,
  value: number | undefined,
): Problem | undefined {
  if (!covered.includes(name)) return undefined;
  if (WITHOUT_TIMES.test(algorithm)) {
    return malformed(`${name} goes with the algorithm hs2019, or with none that is named.`);
  }
  return value === undefined
    ? malformed(`${name} is covered, and the signature lacks the parameter.`)
    : undefined;
}

/**
 * IMF-fixdate and nothing else (RFC 9110 section 5.6.7): the one form that toUTCString writes, so
 * that a wrong weekday, a 30th of February or the name of another zone come back different.
 */
function readDate(text: string | undefined): number | Problem {
  if (text === undefined) return malformed('date is covered and not in the request.');
  const ms = Date.parse(text);
  if (Number.isNaN(ms) || new Date(ms).toUTCString() !== text) {
    return malformed('Date is not of the form "Sun, 06 Nov 1994 08:49:37 GMT".');
  }
  return ms / MS_PER_SECOND;
}

function malformed(detail: string): Problem {
  return problem('signature-malformed', detail);
}
