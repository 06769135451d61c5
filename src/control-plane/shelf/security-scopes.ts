import type { JsonObject, JsonValue } from '../../stores/registry-contract.ts';
import { isObject } from './json-object.ts';
import type { References } from './references.ts';

interface FoundScopes {
  /** As it stands in the document: it is checked with the whole operation. */
  readonly scopes: JsonValue;
  readonly note?: string;
}

/** Schemes whose requirements are scopes; for others the list names something else, or nothing. */
const WITH_SCOPES = new Set(['oauth2', 'openIdConnect']);

/**
 * What a subscription must have: x-required-scopes, or else the OAuth 2 scopes of the operation's
 * `security`, or of the document's. Its entries are alternatives; the first that has scopes counts.
 */
export function scopesOf(
  operation: JsonObject,
  document: JsonObject,
  references: References,
): FoundScopes {
  const declared = operation['x-required-scopes'];
  if (declared !== undefined) return { scopes: declared };
  const security = operation.security ?? document.security;
  if (!Array.isArray(security)) return { scopes: [] };
  const alternatives = security
    .filter(isObject)
    .map(requirement => scopesIn(requirement, document, references));
  const scopes = alternatives.find(({ length }) => length > 0) ?? [];
  // One that asks for none is another as well, and the gateway does not take it.
  const differs = alternatives.some(other => keyOf(other) !== keyOf(scopes));
  if (!differs) return { scopes };
  return { scopes, note: `has alternatives of scopes; it is taken with ${scopes.join(' ')}` };
}

function keyOf(scopes: readonly string[]): string {
  return scopes.toSorted().join(' ');
}

function scopesIn(
  requirement: JsonObject,
  document: JsonObject,
  references: References,
): readonly string[] {
  const components = isObject(document.components) ? document.components : {};
  const schemes = isObject(components.securitySchemes) ? components.securitySchemes : {};
  const scopes = Object.entries(requirement).flatMap(([name, values]) => {
    const type = references.resolve(schemes[name])?.value.type;
    if (typeof type !== 'string' || !WITH_SCOPES.has(type) || !Array.isArray(values)) return [];
    return values.filter(value => typeof value === 'string');
  });
  return [...new Set(scopes)];
}
