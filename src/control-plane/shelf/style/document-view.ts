/** What the rules ask of a document, references followed. */
import type { JsonObject, JsonValue } from '../../../stores/registry-contract.ts';
import { isObject } from '../json-object.ts';
import { type FoundOperation, findOperations } from '../path-items.ts';
import type { JsonPath } from '../pointers.ts';
import { References, type Resolved } from '../references.ts';

const JSON_MEDIA = /^application\/(?:[a-z0-9.+-]*\+)?json(?:\s*;|$)/i;

export class DocumentView {
  private static readonly views = new WeakMap<JsonObject, DocumentView>();
  readonly document: JsonObject;
  readonly references: References;
  private found: readonly FoundOperation[] | undefined;

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

  /** Those that a gateway may publish. */
  get operations(): readonly FoundOperation[] {
    this.found ??= findOperations(this.document, this.references).filter(
      ({ method }) => method !== 'trace',
    );
    return this.found;
  }

  /** Parameters of an operation, its path's included. */
  parametersOf({ value, at, item }: FoundOperation): Resolved[] {
    return [
      ...this.resolveAll(item.value.parameters, [...item.path, 'parameters']),
      ...this.resolveAll(value.parameters, [...at, 'parameters']),
    ];
  }

  /** Each answer by its status. */
  responsesOf({ value, at }: FoundOperation): [status: string, response: Resolved][] {
    const { responses } = value;
    if (!isObject(responses)) return [];
    return Object.entries(responses).flatMap(([status, given]) => {
      const response = this.references.resolve(given, [...at, 'responses', status]);
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
}

/** Media types of a body or an answer that are JSON. */
export function jsonMediaOf({ value, path }: Resolved): Resolved[] {
  if (!isObject(value.content)) return [];
  return Object.entries(value.content).flatMap(([type, media]) => {
    if (!JSON_MEDIA.test(type) || !isObject(media)) return [];
    return [{ value: media, path: [...path, 'content', type] }];
  });
}
