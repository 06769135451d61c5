import { type Problem, problem } from '../../../core/problems.ts';

/** Names that stand for no header (draft-cavage-http-signatures-12 section 2.3). */
export const REQUEST_TARGET = '(request-target)';
export const CREATED = '(created)';
export const EXPIRES = '(expires)';

const HEADERS_MAX = 32;
const NAME = /^(?:[!#$%&'*+.^_`|~0-9a-z-]+|\((?:request-target|created|expires)\))$/;

/**
 * The list in the parameter `headers`: lower case, one space between them (section 2.1.6). A name
 * twice would be signed twice and say no more.
 */
export function readCovered(text: string): readonly string[] | Problem {
  const names = text.split(' ', HEADERS_MAX + 1);
  if (names.length > HEADERS_MAX) return malformed(`headers holds more than ${HEADERS_MAX} names.`);
  if (!names.every(name => NAME.test(name))) {
    return malformed('headers is not a list of names in lower case with one space between them.');
  }
  if (new Set(names).size < names.length) return malformed('headers holds a name more than once.');
  return names;
}

/**
 * What a signature must cover: the body, or where there is none the target that is all the call;
 * and when it was made. Berlin Group signs calls with a body by digest, x-request-id and date, so
 * that their target stays open there (docs/schemes.md).
 */
export function refuseCoverage(names: readonly string[], hasBody: boolean): Problem | undefined {
  const missing: string[] = [];
  const what = hasBody ? 'digest' : REQUEST_TARGET;
  if (!names.includes(what)) missing.push(what);
  if (!names.includes('date') && !names.includes(CREATED)) missing.push(`date or ${CREATED}`);
  if (missing.length === 0) return undefined;
  return problem('signature-coverage', `The signature must also cover ${missing.join(' and ')}.`);
}

function malformed(detail: string): Problem {
  return problem('signature-malformed', detail);
}
