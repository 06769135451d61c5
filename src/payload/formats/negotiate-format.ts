/** Which format a body has, and which an answer should have: RFC 9110, sections 8.3, 12.5.1. */
import { parseWeighted, type Weighted } from '../weighted-list.ts';

const TYPE = /^[!#$%&'*+.^_`|~\w-]+\/[!#$%&'*+.^_`|~\w-]+$/;
const SYNONYMS: Readonly<Record<string, string>> = {
  'application/msgpack': 'application/vnd.msgpack',
  'application/x-msgpack': 'application/vnd.msgpack',
  'text/json': 'application/json',
  'text/xml': 'application/xml',
};
const CHARSET = /^\s*charset\s*=\s*"?([^"]*?)"?\s*$/i;

/**
 * The media type of a body, in lower case, without parameters, and by its usual name; undefined
 * where there is none, or where it declares another character set than UTF-8.
 * `application/problem+json` stays what it is: what reads a suffix is for the caller to say.
 */
export function formatOf(contentType: string | undefined): string | undefined {
  const [type = '', ...parameters] = (contentType ?? '').split(';');
  const name = type.trim().toLowerCase();
  if (!TYPE.test(name)) return undefined;
  for (const parameter of parameters) {
    const charset = CHARSET.exec(parameter)?.[1]?.toLowerCase();
    if (charset !== undefined && charset !== 'utf-8') return undefined;
  }
  return SYNONYMS[name] ?? name;
}

/**
 * The one of `offered` (media types, the preferred one first) that `accept` weighs most; undefined
 * where it takes none. Without the field anything will do.
 */
export function negotiateFormat(
  accept: string | undefined,
  offered: readonly string[],
): string | undefined {
  if (accept === undefined || accept.trim() === '') return offered[0];
  const ranges = parseWeighted(accept);
  let best: string | undefined;
  let bestWeight = 0;
  for (const type of offered) {
    const weight = weightOf(type, ranges);
    if (weight <= bestWeight) continue;
    best = type;
    bestWeight = weight;
  }
  return best;
}

/** The most specific range decides, whatever the others say. */
function weightOf(type: string, ranges: readonly Weighted[]): number {
  const anySubtype = `${type.slice(0, type.indexOf('/'))}/*`;
  let weight = 0;
  let specificity = 0;
  for (const range of ranges) {
    const found = specificityOf(range.name, type, anySubtype);
    if (found === 0 || found < specificity) continue;
    weight = found > specificity ? range.weight : Math.max(weight, range.weight);
    specificity = found;
  }
  return weight;
}

function specificityOf(range: string, type: string, anySubtype: string): 0 | 1 | 2 | 3 {
  if ((SYNONYMS[range] ?? range) === type) return 3;
  if (range === anySubtype) return 2;
  return range === '*/*' ? 1 : 0;
}
