/** Finds the operations of a document, and what looks like one and cannot be read. */
import type { JsonObject, JsonValue } from '../../stores/registry-contract.ts';
import { isObject } from './json-object.ts';
import type { JsonPath } from './pointers.ts';
import type { PlacedIssue } from './read-document.ts';
import type { References, Resolved } from './references.ts';

/** Members of a path item that are operations; TRACE is one, too, but is never taken. */
const METHODS = new Set(['get', 'head', 'post', 'put', 'patch', 'delete', 'options', 'trace']);
/** Members that say nothing about how an operation is called. */
const WORDS = new Set(['$ref', 'summary', 'description']);

/** An operation as the document has it. */
export interface FoundOperation {
  readonly method: string;
  readonly path: string;
  readonly at: JsonPath;
  readonly value: JsonObject;
  /** Of its path: parameters for all its operations, servers and the like. */
  readonly item: Resolved;
}

export function isMethod(name: string): boolean {
  return METHODS.has(name);
}

/** Every operation of a document, in its order. */
export function findOperations(document: JsonObject, references: References): FoundOperation[] {
  return pathsOf(document).flatMap(([path, given]) => {
    const item = references.resolve(given, ['paths', path]);
    if (item === undefined) return [];
    return Object.entries(item.value).flatMap(([method, value]) => {
      if (!isMethod(method) || !isObject(value)) return [];
      return { method, path, at: [...item.path, method], value, item };
    });
  });
}

function pathsOf({ paths }: JsonObject): [path: string, given: JsonValue][] {
  return Object.entries(isObject(paths) ? paths : {}).filter(([path]) => !path.startsWith('x-'));
}

export interface UnreadParts {
  /** Instead of operations: each is one that was perhaps meant. */
  readonly refused: readonly PlacedIssue[];
  readonly notes: readonly PlacedIssue[];
}

/** OpenAPI leaves it to the tool what a path item means that has more than its `$ref`. */
export function findUnread(document: JsonObject, references: References): UnreadParts {
  const refused: PlacedIssue[] = [];
  const notes: PlacedIssue[] = [];
  for (const [path, given] of pathsOf(document)) {
    const at = ['paths', path];
    const items = references.follow(given, at);
    const last = items.at(-1);
    if (last === undefined) refused.push({ code: 'path', path: at, message: 'is no path item' });
    for (const item of items.slice(0, -1)) besideReference(item, refused, notes);
    if (last === undefined) continue;
    if (typeof last.value.$ref === 'string') {
      const message = 'leads nowhere, or in a circle; no operation is found there';
      refused.push({ code: 'path-reference', path: [...last.path, '$ref'], message });
    } else {
      refused.push(...noOperations(last));
    }
  }
  return { refused, notes };
}

function besideReference({ value, path }: Resolved, refused: PlacedIssue[], notes: PlacedIssue[]) {
  for (const name of Object.keys(value)) {
    if (WORDS.has(name) || name.startsWith('x-')) continue;
    const message = 'stands beside a $ref and is not read; move it to where that leads';
    const issue = { code: 'path-reference', path: [...path, name], message };
    if (isMethod(name)) refused.push(issue);
    else notes.push(issue);
  }
}

function noOperations({ value, path }: Resolved): PlacedIssue[] {
  return Object.entries(value).flatMap(([name, operation]) => {
    if (!isMethod(name) || isObject(operation)) return [];
    return [{ code: 'operation', path: [...path, name], message: 'is no operation' }];
  });
}
