/** Compares what one operation takes and answers in two versions of a document. */
import { isObject } from '../json-object.ts';
import type { References, Resolved } from '../references.ts';
import type { ChangeList } from './change-list.ts';
import { compareParameters } from './compare-parameters.ts';
import type { OperationSide } from './operation-side.ts';
import type { SchemaPairs, Side } from './side.ts';

const SUCCESS = /^2(?:\d\d|XX)$/i;

export class OperationComparison {
  private readonly schemas: SchemaPairs;
  private readonly changes: ChangeList;

  constructor(schemas: SchemaPairs) {
    this.schemas = schemas;
    this.changes = schemas.changes;
  }

  compare(before: OperationSide, after: OperationSide): void {
    for (const [old, now] of compareParameters(before, after, this.changes)) {
      this.compareSchemas(old, now, 'request');
      this.compareContent(old, now, 'request');
    }
    this.compareBodies(before, after);
    this.compareResponses(before, after);
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
    const hasSuccess = [...old.keys()].some(status => SUCCESS.test(status));
    for (const [status, response] of old) {
      const later = laterResponses(status, now, hasSuccess);
      for (const other of later) this.compareResponse(response, other);
      const isSuccess = SUCCESS.test(status) || (status === DEFAULT && !hasSuccess);
      if (later.length > 0 || !isSuccess) continue;
      const message = `does not answer ${status.toLowerCase()} any more`;
      this.changes.addBreaking('response-removed', response.path, message);
    }
    for (const [status, { path }] of now) {
      if (old.has(status)) continue;
      this.changes.addCompatible('response-added', path, `may answer ${status} as well`);
    }
  }

  private compareResponse(old: Resolved, now: Resolved): void {
    this.compareContent(old, now, 'response');
    const headers = headersOf(now, this.schemas.after.references);
    for (const [name, header] of headersOf(old, this.schemas.before.references)) {
      const later = headers.get(name);
      if (later === undefined) {
        this.changes.addBreaking(
          'header-removed',
          header.path,
          `is not answered any more (${name})`,
        );
        continue;
      }
      if (header.value.required === true && later.value.required !== true) {
        this.changes.addBreaking('header-optional', later.path, `may be absent now (${name})`);
      }
      this.compareSchemas(header, later, 'response');
      this.compareContent(header, later, 'response');
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

const DEFAULT = 'DEFAULT';

/** What describes the same answers from now on: by status, by range, or whatever has no other. */
function laterResponses(
  status: string,
  now: ReadonlyMap<string, Resolved>,
  hadSuccess: boolean,
): readonly Resolved[] {
  const later = now.get(status) ?? now.get(`${status[0]}XX`) ?? now.get(DEFAULT);
  if (later !== undefined) return [later];
  // The only answer was the success, too.
  if (status !== DEFAULT || hadSuccess) return [];
  return [...now].filter(([other]) => SUCCESS.test(other)).map(([, response]) => response);
}

/** Names have no case; Content-Type is described by `content` (OpenAPI 3.1 section 4.8.17). */
function headersOf({ value, path }: Resolved, references: References): Map<string, Resolved> {
  const found = new Map<string, Resolved>();
  for (const [name, given] of Object.entries(isObject(value.headers) ? value.headers : {})) {
    const header = references.resolve(given, [...path, 'headers', name]);
    const plain = name.toLowerCase();
    if (header !== undefined && plain !== 'content-type') found.set(plain, header);
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
