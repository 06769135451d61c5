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
    let at = { value, path };
    for (let hops = 0; hops <= HOPS_MAX; hops++) {
      if (!isObject(at.value)) return undefined;
      const { $ref } = at.value;
      if (typeof $ref !== 'string') return { value: at.value, path: at.path };
      const steps = fragmentSteps($ref);
      if (steps === undefined) return undefined;
      at = { value: this.at(steps), path: steps };
    }
    return undefined;
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
