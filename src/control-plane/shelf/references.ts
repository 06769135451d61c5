/** Follows `$ref` within a document. What names itself, or leads nowhere, is nothing. */
import type { JsonObject, JsonValue } from '../../stores/registry-contract.ts';
import { isObject } from './json-object.ts';
import { fragmentSteps, type JsonPath } from './pointers.ts';

/** References that lead from one to the next. */
const HOPS_MAX = 16;

export interface Resolved {
  readonly value: JsonObject;
  /** Where it stands. */
  readonly path: JsonPath;
}

export class References {
  private readonly document: JsonObject;

  constructor(document: JsonObject) {
    this.document = document;
  }

  /** The object behind a value that may be a reference. */
  resolve(value: JsonValue | undefined, path: JsonPath = []): Resolved | undefined {
    const last = this.follow(value, path).at(-1);
    return last === undefined || typeof last.value.$ref === 'string' ? undefined : last;
  }

  /** Each object on the way; the last one still has a `$ref` where that leads nowhere. */
  follow(value: JsonValue | undefined, path: JsonPath = []): readonly Resolved[] {
    const found: Resolved[] = [];
    let at = { value, path };
    while (isObject(at.value) && found.length <= HOPS_MAX) {
      found.push({ value: at.value, path: at.path });
      const { $ref: reference } = at.value;
      const steps = typeof reference === 'string' ? fragmentSteps(reference) : undefined;
      if (steps === undefined) break;
      at = { value: this.at(steps), path: steps };
    }
    return found;
  }

  private at(steps: readonly string[]): JsonValue | undefined {
    let value: JsonValue | undefined = this.document;
    for (const step of steps) {
      if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step))
        return undefined;
      value = (value as JsonObject)[step];
    }
    return value;
  }
}
