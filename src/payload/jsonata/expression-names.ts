/** What an expression may call, and how long a call may take by itself. */
import type jsonata from 'jsonata';

/** Functions that take no longer than their arguments are large. */
const LINEAR: ReadonlySet<string> = new Set([
  ...['sum', 'count', 'max', 'min', 'average', 'string', 'substring', 'substringBefore'],
  ...['substringAfter', 'lowercase', 'uppercase', 'length', 'trim', 'join', 'number', 'floor'],
  ...['ceil', 'round', 'abs', 'sqrt', 'power', 'random', 'boolean', 'not', 'map', 'filter'],
  ...['single', 'reduce', 'lookup', 'append', 'exists', 'reverse', 'each', 'error', 'assert'],
  ...['type', 'base64encode', 'base64decode', 'now', 'millis'],
]);

/** Functions that may take longer, or of which nobody has looked. */
const OTHERS: ReadonlySet<string> = new Set([
  ...['match', 'contains', 'replace', 'split', 'formatNumber', 'formatBase', 'formatInteger'],
  ...['parseInteger', 'zip', 'sift', 'keys', 'spread', 'merge', 'sort', 'shuffle', 'distinct'],
  ...['encodeUrlComponent', 'encodeUrl', 'decodeUrlComponent', 'decodeUrl', 'toMillis'],
  ...['fromMillis', 'clone', 'eval', 'pad'],
]);

export interface NamesUsed {
  /** It would evaluate text of a payload. */
  readonly usesEval: boolean;
  /**
   * Whether one step of the evaluation may take long: the library looks at the clock between steps
   * only. That is so for regular expressions, for functions that are not linear, and for functions
   * that are passed on, which others may then call without a step between.
   */
  readonly needsWatch: boolean;
  /** Whether threads with a smaller stack could fail to compile it. */
  readonly isTooDeep: boolean;
}

/** A term of a sum is one level, a pair of brackets two to four. */
const DEPTH_MAX = 500;

export function namesUsed(root: jsonata.ExprNode): NamesUsed {
  let usesEval = false;
  let needsWatch = false;
  let isTooDeep = false;
  const see = (node: unknown, isCalled: boolean, depth: number): void => {
    if (typeof node !== 'object' || node === null) return;
    if (depth > DEPTH_MAX) {
      isTooDeep = true;
      return;
    }
    const { type, value } = node as { readonly type?: string; readonly value?: unknown };
    if (type === 'regex') needsWatch = true;
    if (type === 'variable' && typeof value === 'string') {
      usesEval ||= value === 'eval';
      needsWatch ||= OTHERS.has(value) || (LINEAR.has(value) && !isCalled);
    }
    for (const [name, child] of Object.entries(node)) see(child, name === 'procedure', depth + 1);
  };
  see(root, false, 0);
  return { usesEval, needsWatch, isTooDeep };
}
