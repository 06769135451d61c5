import { hasBackslashName } from '../../core/backslash-names.ts';
import { type JsonValue, PayloadFault } from '../payload-fault.ts';
import { namesUsed } from './expression-names.ts';
import { createRealm, type ExpressionRealm, type Job } from './expression-realm.ts';

/** Longest text of an expression. */
export const EXPRESSION_MAX_CHARS = 16_384;

export interface ExpressionLimits {
  /** Of the evaluation by the clock; what cannot be interrupted sooner ends 10 ms later. */
  readonly timeoutMs: number;
  /** Nested steps of the evaluation; a call of a function takes 3 to 5. At most 1,000. */
  readonly depthMax: number;
  /** Items of any list on the way. */
  readonly itemsMax: number;
  /** Of the result as JSON; also the longest text on the way, in characters. */
  readonly resultMaxBytes: number;
}

/** Throws PayloadFault, at '' always: an expression has no one place. */
export type Expression = (payload: JsonValue, limits: ExpressionLimits) => JsonValue;

/** Beyond this the library's own recursion would meet the end of the stack. */
const DEPTH_MAX = 1_000;
const WATCH_GRACE_MS = 10;

interface Compiled {
  readonly realm: ExpressionRealm;
  readonly expression: object;
  readonly needsWatch: boolean;
}

/** One realm per thread; what it broke off may have left it in pieces, so then the next one. */
let current: ExpressionRealm | undefined;

function compileInRealm(text: string): Compiled {
  current ??= createRealm();
  const compiled = current.compile(text);
  const { usesEval, needsWatch, isTooDeep } = namesUsed(compiled.expression.ast());
  if (isTooDeep) throw new ExpressionError(NESTED_TOO_DEEP);
  if (usesEval) throw new ExpressionError('must not use $eval: it would run text of a payload');
  return { realm: current, expression: compiled, needsWatch };
}

class ExpressionError extends Error {}

const NESTED_TOO_DEEP = 'is nested too deep';

/** What is wrong with an expression, as a verb phrase for the operator. */
export function expressionFault(text: string): string | undefined {
  if (text.length > EXPRESSION_MAX_CHARS) {
    return `must have at most ${EXPRESSION_MAX_CHARS} characters`;
  }
  try {
    compileInRealm(text);
    return undefined;
  } catch (error) {
    if (error instanceof ExpressionError) return error.message;
    const { code, position, message } = error as { [name: string]: unknown };
    if (typeof code !== 'string') return NESTED_TOO_DEEP;
    const place = typeof position === 'number' ? ` at character ${position}` : '';
    return `is no JSONata expression${place} (${code}): ${message}`;
  }
}

/**
 * An expression without `expressionFault`, compiled. It is evaluated before the call returns, 40 µs
 * for a small one. A watch by V8, which takes a thread of its own and 250 µs, is set only where a
 * single step of the expression may take long.
 */
export function compileExpression(text: string): Expression {
  let compiled = compileInRealm(text);
  return (payload, limits) => {
    if (compiled.realm !== current) compiled = compileInRealm(text);
    const { job } = compiled.realm;
    job.expression = compiled.expression;
    job.text = textOf(payload);
    job.timeoutMs = limits.timeoutMs;
    job.depthMax = Math.min(limits.depthMax, DEPTH_MAX);
    job.itemsMax = limits.itemsMax;
    job.charsMax = limits.resultMaxBytes;
    run(compiled, limits.timeoutMs);
    return resultOf(job, limits.resultMaxBytes);
  };
}

/** By these members the library tells functions from data: a payload would bring its own code. */
const FUNCTION_MARK = /"_jsonata_(?:lambda|function)":/;

function textOf(payload: JsonValue): string {
  const text = written(payload);
  if (FUNCTION_MARK.test(text)) {
    throw new PayloadFault('', 'has a member that an expression would take for a function');
  }
  if (hasBackslashName(text)) throw new PayloadFault('', 'has a member name with a backslash');
  return text;
}

function written(payload: JsonValue): string {
  try {
    return JSON.stringify(payload);
  } catch {
    // Only its depth keeps a JSON value from being written.
    throw new PayloadFault('', NESTED_TOO_DEEP);
  }
}

function run({ realm, needsWatch }: Compiled, timeoutMs: number): void {
  if (!needsWatch) return realm.run();
  try {
    realm.runWatched(timeoutMs + WATCH_GRACE_MS);
  } catch (error) {
    current = undefined;
    if ((error as { code?: unknown }).code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error;
    throw new PayloadFault('', REASONS.D1012!);
  }
}

function resultOf({ result, fault, position }: Job, resultMaxBytes: number): JsonValue {
  if (result === undefined) throw new PayloadFault('', reasonOf(fault, position));
  if (Buffer.byteLength(result) > resultMaxBytes) throw new PayloadFault('', REASONS.size!);
  if (hasBackslashName(result)) throw new PayloadFault('', REASONS.backslash!);
  return JSON.parse(result);
}

/** The library's own messages quote the payload. */
const REASONS: Readonly<Record<string, string>> = {
  D1011: 'makes the expression nest too deep',
  D1012: 'takes the expression too long',
  D2014: 'makes the expression build too long a list',
  D2015: 'makes the expression build too long a list',
  D3137: 'is refused by the expression ($error)',
  D3141: 'is refused by the expression ($assert)',
  size: 'makes the expression build too large a value',
  nothing: 'gives no result',
  number: 'gives a number that JSON does not have',
  function: 'gives a function',
  hole: 'gives a list with nothing in it',
  backslash: 'gives a member name with a backslash',
  nesting: 'gives a result that is nested too deep',
  exception: 'does not suit the expression',
};

function reasonOf(fault: string | undefined, position: number | undefined): string {
  const known = REASONS[fault ?? 'D1012'];
  if (known !== undefined) return known;
  const place = position === undefined ? '' : `, at character ${position} of it`;
  return `does not suit the expression (${fault}${place})`;
}
