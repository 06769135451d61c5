/** What changes for callers from the stored version of an API to the one that is to be imported. */
import type { JsonObject, JsonValue } from '../../../stores/registry-contract.ts';
import { canonicalPath, shapeOf } from '../canonical-path.ts';
import { isObject } from '../json-object.ts';
import { type FoundOperation, findOperations } from '../path-items.ts';
import type { JsonPath } from '../pointers.ts';
import { References } from '../references.ts';
import { ChangeList, type ContractChanges } from './change-list.ts';
import { OperationComparison } from './compare-operations.ts';
import { SchemaComparison } from './compare-schemas.ts';
import type { OperationSide } from './operation-side.ts';
import { SchemaReader } from './schema-reader.ts';

export interface ApiVersion {
  /** The API's record. */
  readonly api: JsonObject;
  /** Undefined where it was declared without one; its operations are compared all the same. */
  readonly document: JsonObject | undefined;
}

interface Operation {
  readonly body: JsonObject;
  readonly id: string;
  readonly side: OperationSide | undefined;
}

export function compareVersions(before: ApiVersion, after: ApiVersion): ContractChanges {
  const changes = new ChangeList();
  const old = operationsOf(before);
  const now = operationsOf(after);
  const schemas = new SchemaComparison(readerOf(before), readerOf(after), changes);
  const comparison = new OperationComparison(schemas);
  compareBasePath(before, after, changes);
  for (const operation of old.values()) {
    changes.about(operation.id);
    const later = now.get(operation.id);
    if (later === undefined) {
      const { method, path } = operation.body;
      const message = `is gone (${String(method)} ${String(path)})`;
      changes.addBreaking('operation-removed', placeOf(operation), message);
      continue;
    }
    compareRecords(operation, later, changes);
    if (operation.side !== undefined && later.side !== undefined) {
      comparison.compare(operation.side, later.side);
    }
  }
  for (const operation of now.values()) {
    if (old.has(operation.id)) continue;
    changes.about(operation.id);
    changes.addCompatible('operation-added', placeOf(operation), 'is new');
  }
  const { breaking, compatible, unclear, complete } = changes;
  return { breaking, compatible, unclear, complete: complete && !schemas.isCut };
}

function readerOf({ document = {} }: ApiVersion): SchemaReader {
  return new SchemaReader(document, new References(document));
}

function operationsOf({ api, document }: ApiVersion): Map<string, Operation> {
  const references = new References(document ?? {});
  const sides = new Map<string, FoundOperation>();
  for (const operation of document === undefined ? [] : findOperations(document, references)) {
    const key = keyOf(operation.method, operation.path);
    if (!sides.has(key)) sides.set(key, operation);
  }
  const operations = new Map<string, Operation>();
  for (const body of Array.isArray(api.operations) ? api.operations : []) {
    if (!isObject(body)) continue;
    const id = String(body.id);
    const operation = sides.get(keyOf(String(body.method), String(body.path)));
    const side = operation === undefined ? undefined : { operation, references };
    operations.set(id, { body, id, side });
  }
  return operations;
}

/** What finds an operation of the record in its document. */
export function keyOf(method: string, path: string): string {
  const canonical = canonicalPath(path);
  return `${method.toUpperCase()} ${shapeOf('path' in canonical ? canonical.path : path)}`;
}

function placeOf({ side }: Operation): JsonPath {
  return side?.operation.at ?? [];
}

function compareBasePath(before: ApiVersion, after: ApiVersion, changes: ChangeList): void {
  const old = String(before.api.basePath);
  const now = String(after.api.basePath);
  if (old === now) return;
  changes.addBreaking('base-path-changed', ['servers'], `is ${now}, ${old} before`);
}

function compareRecords(old: Operation, now: Operation, changes: ChangeList): void {
  const place = placeOf(now);
  const before = `${String(old.body.method)} ${shapeOf(String(old.body.path))}`;
  const after = `${String(now.body.method)} ${shapeOf(String(now.body.path))}`;
  if (before !== after) {
    changes.addBreaking('operation-moved', place, `is at ${after}, at ${before} before`);
  }
  const added = without(now.body.scopes, old.body.scopes);
  const dropped = without(old.body.scopes, now.body.scopes);
  if (added.length > 0) {
    changes.addBreaking('scope-added', place, `asks for the scope ${added.join(' ')} as well`);
  } else if (dropped.length > 0) {
    changes.addCompatible('scope-removed', place, `asks no longer for ${dropped.join(' ')}`);
  }
  compareAccess(old, now, place, changes);
}

function compareAccess(old: Operation, now: Operation, place: JsonPath, changes: ChangeList): void {
  const { access, messageSignature } = now.body;
  if (access === 'signed' && old.body.access === 'public') {
    changes.addBreaking('access-tightened', place, 'was public and wants a signature now');
  } else if (access === 'public' && old.body.access === 'signed') {
    changes.addCompatible('access-loosened', place, 'is public now');
  }
  if (messageSignature === 'required' && old.body.messageSignature === 'session') {
    const message = 'wants a signature in each message now';
    changes.addBreaking('signature-required', place, message);
  }
}

function without(values: JsonValue | undefined, others: JsonValue | undefined): string[] {
  const known = new Set(Array.isArray(others) ? others.map(String) : []);
  const all = Array.isArray(values) ? values.map(String) : [];
  return all.filter(value => !known.has(value));
}
