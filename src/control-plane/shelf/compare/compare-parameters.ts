/** Compares which parameters an operation takes, and how they are written into a request. */
import type { JsonObject, JsonValue } from '../../../stores/registry-contract.ts';
import type { Resolved } from '../references.ts';
import type { ChangeList } from './change-list.ts';
import type { OperationSide } from './operation-side.ts';

type Parameters = ReadonlyMap<string, Resolved>;

/** Those that are in both, whose schemas are still to be compared. */
export function compareParameters(
  before: OperationSide,
  after: OperationSide,
  changes: ChangeList,
): [old: Resolved, now: Resolved][] {
  const old = parametersOf(before);
  const now = parametersOf(after);
  const pairs: [Resolved, Resolved][] = [];
  for (const [key, parameter] of now) {
    const earlier = old.get(key);
    if (earlier === undefined) addParameter(key, parameter, changes);
    else {
      compareParameter(earlier, parameter, [before, after], changes);
      pairs.push([earlier, parameter]);
    }
  }
  for (const [key, { value, path }] of old) {
    if (now.has(key) || value.in === 'path') continue;
    changes.addCompatible('parameter-removed', path, `is not read any more (${key})`);
  }
  return pairs;
}

function addParameter(key: string, { value, path }: Resolved, changes: ChangeList): void {
  if (value.in === 'path') return;
  if (value.required === true) {
    changes.addBreaking('parameter-required', path, `is new and must be sent (${key})`);
  } else {
    changes.addCompatible('parameter-added', path, `is new (${key})`);
  }
}

function compareParameter(
  old: Resolved,
  now: Resolved,
  [before, after]: readonly [OperationSide, OperationSide],
  changes: ChangeList,
): void {
  if (now.value.required === true && old.value.required !== true) {
    changes.addBreaking('parameter-required', now.path, 'must be sent now');
  } else if (now.value.required !== true && old.value.required === true) {
    changes.addCompatible('parameter-optional', now.path, 'may be left out now');
  }
  // A single value looks the same in each of the styles of its place.
  if (!hasParts(old, before) && !hasParts(now, after)) return;
  const [was, is] = [styleOf(old.value), styleOf(now.value)];
  if (was === is) return;
  changes.addBreaking('parameter-style', now.path, `is written as ${is}, as ${was} before`);
}

/** OpenAPI 3.1 section 4.8.12.2, with its defaults. */
function styleOf({ in: place, style, explode, content }: JsonObject): string {
  if (content !== undefined) return 'content';
  const isForm = place === 'query' || place === 'cookie';
  const written = String(style ?? (isForm ? 'form' : 'simple'));
  return (explode ?? written === 'form') ? `${written}, each part by itself` : written;
}

function hasParts({ value }: Resolved, { references }: OperationSide): boolean {
  if (value.content !== undefined) return true;
  const type: JsonValue | undefined = references.resolve(value.schema)?.value.type;
  const types = Array.isArray(type) ? type : [type];
  return types.some(one => one === undefined || one === 'array' || one === 'object');
}

/** By place and name; header names have no case. The operation's own go before its path's. */
function parametersOf({ operation, references }: OperationSide): Parameters {
  const { item, value, at, path: template } = operation;
  const found = new Map<string, Resolved>();
  const places = Array.from(template.matchAll(/\{([^{}]*)\}/g), ([, name]) => name!);
  for (const holder of [item, { value, path: at }]) {
    const { parameters } = holder.value;
    if (!Array.isArray(parameters)) continue;
    for (const [index, given] of parameters.entries()) {
      const parameter = references.resolve(given, [...holder.path, 'parameters', index]);
      if (parameter !== undefined) found.set(keyOf(parameter.value, places), parameter);
    }
  }
  return found;
}

/** Those of the path go by where they stand in it: nobody sends their names. */
function keyOf({ in: place, name }: JsonObject, places: readonly string[]): string {
  if (place === 'path') {
    const index = places.indexOf(String(name));
    if (index >= 0) return `path ${index + 1}`;
  }
  return `${String(place)} ${place === 'header' ? String(name).toLowerCase() : String(name)}`;
}
