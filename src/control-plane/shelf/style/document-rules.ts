/** Rules about the document as a whole. */
import type { JsonObject, JsonValue } from '../../../stores/registry-contract.ts';
import type { JsonPath } from '../pointers.ts';
import { isObject } from '../read-document.ts';
import type { RuleCheck, RuleFinding } from './rule.ts';

const SEGMENT = /^(?:\{[^{}]+\}|[a-z0-9]+(?:[-.][a-z0-9]+)*)$/;
const CAMEL_CASE = /^[a-z][a-zA-Z0-9]*$/;
const SECRET_QUERY = /^(?:api[-_]?key|apikey|access[-_]?token|token|secret|password)$/i;
const LOOPBACK = /^http:\/\/(?:localhost|127\.0\.0\.1|\[::1\])(?:[:/]|$)/i;
const DATA = new Set(['example', 'examples', 'default', 'enum', 'const']);

export const pathsAreKebabCase: RuleCheck = (paths, at) => {
  return Object.keys(paths).flatMap(path => {
    const wrong = path.split('/').find(segment => segment !== '' && !SEGMENT.test(segment));
    if (wrong === undefined || path.startsWith('x-')) return [];
    return [{ path: [...at, path], message: `has ${JSON.stringify(wrong)}; write kebab-case` }];
  });
};

/** The gateway speaks TLS to everybody; a document must not lead people past it. */
export const serversUseHttps: RuleCheck = document => {
  if (!Array.isArray(document.servers)) return [];
  return document.servers.flatMap((server, index) => {
    const url = isObject(server) ? server.url : undefined;
    if (typeof url !== 'string' || !/^http:/i.test(url) || LOOPBACK.test(url)) return [];
    return [{ path: ['servers', index, 'url'], message: 'must be https' }];
  });
};

/** Queries stand in logs and histories. */
export const noSecretsInQueries: RuleCheck = (document, _path, view) => {
  const components = isObject(document.components) ? document.components : {};
  const schemes = isObject(components.securitySchemes) ? components.securitySchemes : {};
  const findings: RuleFinding[] = Object.entries(schemes).flatMap(([name, given]) => {
    const path = ['components', 'securitySchemes', name];
    const scheme = view.references.resolve(given, path)?.value;
    if (scheme?.type !== 'apiKey' || scheme.in !== 'query') return [];
    return [{ path, message: 'sends a key in the query, where logs keep it' }];
  });
  walk(document, [], (value, path) => {
    const { in: place, name } = value;
    if (place !== 'query' || typeof name !== 'string' || !SECRET_QUERY.test(name)) return;
    if (value.type === 'apiKey') return;
    findings.push({ path, message: `takes ${name} in the query, where logs keep it` });
  });
  return findings;
};

export const propertiesAreCamelCase: RuleCheck = document => {
  const findings: RuleFinding[] = [];
  walk(document, [], (value, path) => {
    if (path.at(-1) === 'properties' || !isObject(value.properties)) return;
    for (const name of Object.keys(value.properties)) {
      if (CAMEL_CASE.test(name)) continue;
      findings.push({ path: [...path, 'properties', name], message: 'must be camelCase' });
    }
  });
  return findings;
};

/** Every object of the document that is not an example or other data; depth has its limit. */
function walk(
  value: JsonValue,
  path: JsonPath,
  visit: (value: JsonObject, path: JsonPath) => void,
): void {
  if (typeof value !== 'object' || value === null) return;
  if (isObject(value)) visit(value, path);
  const namesProperties = path.at(-1) === 'properties';
  for (const [step, below] of Object.entries(value)) {
    if (!namesProperties && (DATA.has(step) || step.startsWith('x-'))) continue;
    walk(below, [...path, Array.isArray(value) ? Number(step) : step], visit);
  }
}
