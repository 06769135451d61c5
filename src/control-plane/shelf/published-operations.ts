/** Which operations of a document can be called, and under which ids. */
import type { JsonObject } from '../../stores/registry-contract.ts';
import { keyOf } from './compare/compare-versions.ts';
import { isObject } from './json-object.ts';
import { type FoundOperation, findOperations } from './path-items.ts';
import { fragmentSteps } from './pointers.ts';
import { References } from './references.ts';

export interface PublishedOperation {
  readonly found: FoundOperation;
  /** Of the API's record. */
  readonly record: JsonObject;
}

export class PublishedOperations {
  private readonly byKey = new Map<string, PublishedOperation>();
  /** By the operationId that the document gives it. */
  private readonly ids = new Map<string, string>();

  constructor(document: JsonObject, { operations }: JsonObject) {
    const records = new Map<string, JsonObject>();
    for (const record of Array.isArray(operations) ? operations : []) {
      if (!isObject(record)) continue;
      records.set(keyOf(String(record.method), String(record.path)), record);
    }
    for (const found of findOperations(document, new References(document))) {
      const key = keyOf(found.method, found.path);
      const record = records.get(key);
      if (record === undefined || this.byKey.has(key)) continue;
      this.byKey.set(key, { found, record });
      const { operationId } = found.value;
      if (typeof operationId === 'string' && !this.ids.has(operationId)) {
        this.ids.set(operationId, String(record.id));
      }
    }
  }

  all(): Iterable<PublishedOperation> {
    return this.byKey.values();
  }

  /** The id of the operation that a link leads to, where that can be called. */
  idBehind({ operationId, operationRef }: JsonObject): string | undefined {
    if (typeof operationId === 'string') return this.ids.get(operationId);
    const steps = typeof operationRef === 'string' ? fragmentSteps(operationRef) : undefined;
    if (steps?.length !== 3 || steps[0] !== 'paths') return undefined;
    const published = this.byKey.get(keyOf(steps[2]!, steps[1]!));
    return published && String(published.record.id);
  }
}
