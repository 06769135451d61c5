/** Rules about the document as a whole. */
import { walkDocument } from '../document-shape.ts';
import { isObject } from '../json-object.ts';
import type { RuleCheck, RuleFinding } from './rule.ts';

const SEGMENT = /^(?:\{[^{}]+\}|[a-z0-9]+(?:[-.][a-z0-9]+)*)$/;
const CAMEL_CASE = /^[a-z][a-zA-Z0-9]*$/;
const SECRET_QUERY = /^(?:api[-_]?key|apikey|access[-_]?token|token|secret|password)$/i;
const LOOPBACK = /^http:\/\/(?:localhost|127\.0\.0\.1|\[::1\])(?:[:/]|$)/i;

export const pathsAreKebabCase: RuleCheck = ({ paths }) => {
  return Object.keys(isObject(paths) ? paths : {}).flatMap(path => {
    const wrong = path.split('/').find(segment => segment !== '' && !SEGMENT.test(segment));
    if (wrong === undefined || path.startsWith('x-')) return [];
    return [{ path: ['paths', path], message: `has ${JSON.stringify(wrong)}; write kebab-case` }];
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
export const noSecretsInQueries: RuleCheck = (document, view) => {
  const components = isObject(document.components) ? document.components : {};
  const schemes = isObject(components.securitySchemes) ? components.securitySchemes : {};
  const findings: RuleFinding[] = Object.entries(schemes).flatMap(([name, given]) => {
    const path = ['components', 'securitySchemes', name];
    const scheme = view.references.resolve(given, path)?.value;
    if (scheme?.type !== 'apiKey' || scheme.in !== 'query') return [];
    return [{ path, message: 'sends a key in the query, where logs keep it' }];
  });
  walkDocument(document, ({ in: where, name }, place, path) => {
    if (place !== 'parameter' || where !== 'query') return;
    if (typeof name !== 'string' || !SECRET_QUERY.test(name)) return;
    findings.push({ path: [...path], message: `takes ${name} in the query, where logs keep it` });
  });
  return findings;
};

export const propertiesAreCamelCase: RuleCheck = document => {
  const findings: RuleFinding[] = [];
  walkDocument(document, ({ properties }, place, path) => {
    if (place !== 'schema' || !isObject(properties)) return;
    for (const name of Object.keys(properties)) {
      if (CAMEL_CASE.test(name)) continue;
      findings.push({ path: [...path, 'properties', name], message: 'must be camelCase' });
    }
  });
  return findings;
};
