/** What is common to all formats: plain values, whose every part each of them can hold. */
import { type JsonValue, PayloadFault } from '../payload-fault.ts';

/** RFC 6901, section 3. */
export function pointerOf(path: readonly (string | number)[]): string {
  return path.map(step => `/${String(step).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

/**
 * Members of all objects in a value that holds JSON's kinds alone. Throws PayloadFault, with the
 * place, for bytes, integers that a double cannot hold, NaN and infinities, text with half a
 * surrogate pair, and what nests deeper than `depthMax`.
 */
export function countPlainMembers(value: unknown, depthMax: number): number {
  return new Walk(depthMax).count(value);
}

/** As above, where the payload came from a program rather than from bytes. */
export function assertPlain(payload: JsonValue, depthMax: number): void {
  countPlainMembers(payload, depthMax);
}

class Walk {
  private readonly path: (string | number)[] = [];
  private readonly depthMax: number;

  constructor(depthMax: number) {
    this.depthMax = depthMax;
  }

  count(value: unknown): number {
    switch (typeof value) {
      case 'string':
        return value.isWellFormed() ? 0 : this.refuse('text must be well-formed Unicode');
      case 'number':
        return Number.isFinite(value) ? 0 : this.refuse('numbers must be finite');
      case 'boolean':
        return 0;
      case 'bigint':
        return this.refuse('integers beyond 2^53 must be sent as text');
      case 'object':
        return value === null ? 0 : this.countParts(value);
      default:
        return this.refuse('this kind of value has no form in JSON');
    }
  }

  private countParts(value: object): number {
    if (this.path.length >= this.depthMax) this.refuse(`must nest ${this.depthMax} deep at most`);
    if (Array.isArray(value)) return this.countElements(value);
    if (Object.getPrototypeOf(value) !== Object.prototype) {
      this.refuse('bytes and other values without a form in JSON must be sent as text');
    }
    return this.countMembers(value as Readonly<Record<string, unknown>>);
  }

  private countElements(values: readonly unknown[]): number {
    let members = 0;
    for (let i = 0; i < values.length; i++) {
      this.path.push(i);
      members += this.count(values[i]);
      this.path.pop();
    }
    return members;
  }

  private countMembers(object: Readonly<Record<string, unknown>>): number {
    const names = Object.keys(object);
    let members = names.length;
    for (const name of names) {
      if (!name.isWellFormed()) this.refuse('names must be well-formed Unicode');
      this.path.push(name);
      members += this.count(object[name]);
      this.path.pop();
    }
    return members;
  }

  private refuse(reason: string): never {
    throw new PayloadFault(pointerOf(this.path), reason);
  }
}
