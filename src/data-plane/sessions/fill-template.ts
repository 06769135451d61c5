/** Puts the parameters of a call into the path template of its operation. */
import type { OperationRecord } from '../../core/snapshot.ts';
import { isPlainObject } from './rpc.ts';

type Segment = { readonly literal: string } | { readonly name: string };

/** Records are immutable, and a snapshot that replaces another brings its own. */
const compiled = new WeakMap<OperationRecord, readonly Segment[]>();

/**
 * The path, or in words what is wrong with the parameters. A value is percent-encoded; whether the
 * path is canonical is for the caller to see.
 */
export function fillTemplate(
  operation: OperationRecord,
  parameters: unknown,
): { readonly path: string } | { readonly fault: string } {
  let segments = compiled.get(operation);
  if (segments === undefined) {
    segments = compile(operation.pathTemplate);
    compiled.set(operation, segments);
  }
  if (parameters !== undefined && !isPlainObject(parameters)) {
    return { fault: '"path" is an object with a value for each path parameter.' };
  }
  let path = '';
  let used = 0;
  for (const segment of segments) {
    if ('literal' in segment) {
      path += segment.literal;
      continue;
    }
    const text = parameterText(parameters, segment.name);
    if (text === undefined) return { fault: `"path.${segment.name}" is a string or a number.` };
    path += text;
    used++;
  }
  if (parameters !== undefined && Object.keys(parameters).length !== used) {
    return { fault: `"path" has a member that ${operation.pathTemplate} does not.` };
  }
  return { path };
}

function compile(template: string): readonly Segment[] {
  return template
    .split(/(\{[^}]+\})/)
    .filter(part => part !== '')
    .map(part => (part.startsWith('{') ? { name: part.slice(1, -1) } : { literal: part }));
}

/** Encoded; undefined where there is no usable value. */
function parameterText(parameters: unknown, name: string): string | undefined {
  if (!isPlainObject(parameters) || !Object.hasOwn(parameters, name)) return undefined;
  const value = parameters[name];
  return typeof value === 'boolean' ? undefined : encodeValue(value);
}

/**
 * A string, number or boolean, percent-encoded; undefined for anything else, integers beyond 2^53
 * among them: they have lost digits when they were decoded, and would name another account.
 */
export function encodeValue(value: unknown): string | undefined {
  if (typeof value === 'number') return isExact(value) ? String(value) : undefined;
  if (typeof value === 'boolean') return String(value);
  if (typeof value !== 'string' || value === '' || !value.isWellFormed()) return undefined;
  return encodeURIComponent(value);
}

function isExact(value: number): boolean {
  return Number.isInteger(value) ? Number.isSafeInteger(value) : Number.isFinite(value);
}
