/** Compares what one operation takes and answers in two versions of a document. */
import type { JsonObject } from '../../../stores/registry-contract.ts';
import { isObject } from '../json-object.ts';
import type { FoundOperation } from '../path-items.ts';
import type { JsonPath } from '../pointers.ts';
import type { References, Resolved } from '../references.ts';
import type { ChangeList } from './change-list.ts';
import type { SchemaComparison, Side } from './compare-schemas.ts';

export interface OperationSide {
  readonly operation: FoundOperation;
  readonly references: References;
}

const SUCCESS = /^2(?:\d\d|XX)$/i;

export class OperationComparison {
  private readonly schemas: SchemaComparison;
  private readonly changes: ChangeList;

  constructor(schemas: SchemaComparison, changes: ChangeList) {
    this.schemas = schemas;
    this.changes = changes;
  }

  compare(before: OperationSide, after: OperationSide): void {
    this.compareParameters(before, after);
    this.compareBodies(before, after);
    this.compareResponses(before, after);
  }

  private compareParameters(before: OperationSide, after: OperationSide): void {
    const old = parametersOf(before);
    const now = parametersOf(after);
    for (const [key, { value, path }] of now) {
      const earlier = old.get(key);
      if (earlier !== undefined) this.compareParameter(earlier, { value, path });
      else if (value.required === true && value.in !== 'path') {
        this.changes.addBreaking('parameter-required', path, `is new and must be sent (${key})`);
      } else if (value.in !== 'path') {
        this.changes.addCompatible('parameter-added', path, `is new (${key})`);
      }
    }
    for (const [key, { value, path }] of old) {
      if (now.has(key) || value.in === 'path') continue;
      this.changes.addCompatible('parameter-removed', path, `is not read any more (${key})`);
    }
  }

  private compareParameter(old: Resolved, now: Resolved): void {
    if (now.value.required === true && old.value.required !== true) {
      this.changes.addBreaking('parameter-required', now.path, 'must be sent now');
    } else if (now.value.required !== true && old.value.required === true) {
      this.changes.addCompatible('parameter-optional', now.path, 'may be left out now');
    }
    this.compareSchemas(old, now, 'request');
    this.compareContent(old, now, 'request');
  }

  private compareBodies(before: OperationSide, after: OperationSide): void {
    const old = bodyOf(before);
    const now = bodyOf(after);
    if (now === undefined) {
      if (old === undefined) return;
      return this.changes.addCompatible('body-removed', old.path, 'is not read any more');
    }
    const isNew = now.value.required === true && old?.value.required !== true;
    if (isNew) this.changes.addBreaking('body-required', now.path, 'must be sent now');
    else if (old === undefined) this.changes.addCompatible('body-added', now.path, 'is new');
    if (old !== undefined) this.compareContent(old, now, 'request');
  }

  private compareResponses(before: OperationSide, after: OperationSide): void {
    const old = responsesOf(before);
    const now = responsesOf(after);
    for (const [status, response] of old) {
      const later = now.get(status);
      if (later !== undefined) this.compareContent(response, later, 'response');
      else if (SUCCESS.test(status)) {
        const message = `does not answer ${status} any more`;
        this.changes.addBreaking('response-removed', response.path, message);
      }
    }
    for (const [status, { path }] of now) {
      if (old.has(status)) continue;
      this.changes.addCompatible('response-added', path, `may answer ${status} as well`);
    }
  }

  private compareContent(old: Resolved, now: Resolved, side: Side): void {
    const before = contentOf(old);
    const after = contentOf(now);
    for (const [type, media] of before) {
      const later = after.get(type);
      if (later !== undefined) this.compareSchemas(media, later, side);
      else {
        const path = [...now.path, 'content'];
        this.changes.addBreaking('media-type-removed', path, `has no ${type} any more`);
      }
    }
    for (const [type, { path }] of after) {
      if (before.has(type) || before.size === 0) continue;
      this.changes.addCompatible('media-type-added', path, `is new (${type})`);
    }
  }

  private compareSchemas(old: Resolved, now: Resolved, side: Side): void {
    if (old.value.schema === undefined && now.value.schema === undefined) return;
    this.schemas.compare(schemaIn(old), schemaIn(now), side);
  }
}

function schemaIn({ value, path }: Resolved) {
  return { value: value.schema, path: [...path, 'schema'] };
}

/** By place and name; header names have no case. The operation's own go before its path's. */
function parametersOf({ operation, references }: OperationSide): Map<string, Resolved> {
  const { item, value, at } = operation;
  const found = new Map<string, Resolved>();
  const lists: [JsonObject, JsonPath][] = [
    [item.value, item.path],
    [value, at],
  ];
  for (const [holder, path] of lists) {
    if (!Array.isArray(holder.parameters)) continue;
    for (const [index, given] of holder.parameters.entries()) {
      const parameter = references.resolve(given, [...path, 'parameters', index]);
      if (parameter === undefined) continue;
      const { in: place, name } = parameter.value;
      const shown = place === 'header' ? String(name).toLowerCase() : String(name);
      found.set(`${String(place)} ${shown}`, parameter);
    }
  }
  return found;
}

function bodyOf({ operation, references }: OperationSide): Resolved | undefined {
  return references.resolve(operation.value.requestBody, [...operation.at, 'requestBody']);
}

function responsesOf({ operation, references }: OperationSide): Map<string, Resolved> {
  const { responses } = operation.value;
  const found = new Map<string, Resolved>();
  for (const [status, given] of Object.entries(isObject(responses) ? responses : {})) {
    const response = references.resolve(given, [...operation.at, 'responses', status]);
    if (response !== undefined) found.set(status.toUpperCase(), response);
  }
  return found;
}

function contentOf({ value, path }: Resolved): Map<string, Resolved> {
  const found = new Map<string, Resolved>();
  for (const [type, media] of Object.entries(isObject(value.content) ? value.content : {})) {
    const name = type.split(';', 1)[0]!.trim().toLowerCase();
    if (isObject(media)) found.set(name, { value: media, path: [...path, 'content', type] });
  }
  return found;
}
