/** What the rules ask of a document, references followed. */
import type { JsonObject, JsonValue } from '../../../stores/registry-contract.ts';
import { isObject } from '../json-object.ts';
import type { JsonPath } from '../pointers.ts';
import { References, type Resolved } from '../references.ts';

const JSON_MEDIA = /^application\/(?:[a-z0-9.+-]*\+)?json(?:\s*;|$)/i;

export class DocumentView {
  private static readonly views = new WeakMap<JsonObject, DocumentView>();
  readonly document: JsonObject;
  readonly references: References;

  private constructor(document: JsonObject) {
    this.document = document;
    this.references = new References(document);
  }

  /** One for all rules. */
  static of(document: JsonObject): DocumentView {
    let view = DocumentView.views.get(document);
    if (view === undefined) {
      view = new DocumentView(document);
      DocumentView.views.set(document, view);
    }
    return view;
  }

  /** Parameters of an operation, its path's included. */
  parametersOf(operation: JsonObject, path: JsonPath): Resolved[] {
    const itemPath = path.slice(0, -1);
    const item = this.at(itemPath);
    return [
      ...this.resolveAll(isObject(item) ? item.parameters : undefined, [...itemPath, 'parameters']),
      ...this.resolveAll(operation.parameters, [...path, 'parameters']),
    ];
  }

  /** Each answer by its status. */
  responsesOf(operation: JsonObject, path: JsonPath): [status: string, response: Resolved][] {
    const { responses } = operation;
    if (!isObject(responses)) return [];
    return Object.entries(responses).flatMap(([status, given]) => {
      const response = this.references.resolve(given, [...path, 'responses', status]);
      return response === undefined ? [] : [[status, response]];
    });
  }

  schemaOf(value: JsonValue | undefined, path: JsonPath): Resolved | undefined {
    return this.references.resolve(value, path);
  }

  private resolveAll(values: JsonValue | undefined, path: JsonPath): Resolved[] {
    if (!Array.isArray(values)) return [];
    return values.flatMap((value, index) => {
      return this.references.resolve(value, [...path, index]) ?? [];
    });
  }

  private at(path: JsonPath): JsonValue | undefined {
    let value: JsonValue | undefined = this.document;
    for (const step of path) {
      if (typeof value !== 'object' || value === null) return undefined;
      value = (value as JsonObject)[String(step)];
    }
    return value;
  }
}

/** Media types of a body or an answer that are JSON. */
export function jsonMediaOf({ value, path }: Resolved): Resolved[] {
  if (!isObject(value.content)) return [];
  return Object.entries(value.content).flatMap(([type, media]) => {
    if (!JSON_MEDIA.test(type) || !isObject(media)) return [];
    return [{ value: media, path: [...path, 'content', type] }];
  });
}
