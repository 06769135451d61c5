/** Rules about single operations. */
import type { JsonObject } from '../../../stores/registry-contract.ts';
import { isObject } from '../json-object.ts';
import type { FoundOperation } from '../path-items.ts';
import type { Resolved } from '../references.ts';
import { type DocumentView, jsonMediaOf } from './document-view.ts';
import type { OperationCheck, RuleCheck } from './rule.ts';

const PROBLEM_MEDIA = /^application\/problem\+json(?:\s*;|$)/i;
const ERROR_STATUS = /^(?:[45](?:\d\d|XX)|default)$/i;
const SUCCESS = /^[23](?:\d\d|XX)$/i;
const OPERATION_ID = /^(?:[a-z][a-zA-Z0-9]*|[a-z0-9]+(?:-[a-z0-9]+)*)$/;
const EXAMPLE = ['example', 'examples'];
/** Names under which a page of a list stands in an answer. */
const PAGE_LISTS = ['items', 'data', 'results', 'values', 'entries'];

/** RFC 9457: whoever calls many APIs reads errors in one way. */
export const errorsAreProblems: OperationCheck = (operation, view) => {
  const { at: path } = operation;
  const errors = view.responsesOf(operation).filter(([status]) => ERROR_STATUS.test(status));
  if (errors.length === 0) {
    return [{ path, message: 'describes no error; add default with application/problem+json' }];
  }
  return errors.flatMap(([status, { value }]) => {
    const content = isObject(value.content) ? Object.keys(value.content) : [];
    if (content.some(type => PROBLEM_MEDIA.test(type))) return [];
    const message = 'must answer application/problem+json, as every error does';
    return [{ path: [...path, 'responses', status], message }];
  });
};

function parameterNames(parameters: readonly Resolved[], place: string): Set<string> {
  const names = parameters
    .filter(({ value }) => value.in === place && typeof value.name === 'string')
    .map(({ value }) => value.name as string);
  return new Set(names);
}

export const listsHavePages: OperationCheck = (operation, view) => {
  if (operation.method !== 'get' || !answersList(operation, view)) return [];
  const names = parameterNames(view.parametersOf(operation), 'query');
  const missing = ['limit', 'cursor'].filter(name => !names.has(name));
  if (missing.length === 0) return [];
  const message = `answers a list without the query parameters ${missing.join(' and ')}`;
  return [{ path: operation.at, message }];
};

function answersList(operation: FoundOperation, view: DocumentView): boolean {
  const found = view.responsesOf(operation).find(([status]) => /^2(?:00|XX)$/i.test(status));
  return (found === undefined ? [] : jsonMediaOf(found[1])).some(media => {
    const schema = view.schemaOf(media.value.schema, media.path)?.value;
    if (schema === undefined) return false;
    if (isList(schema)) return true;
    const properties = isObject(schema.properties) ? schema.properties : {};
    const ownName = operation.path.split('/').at(-1)!;
    return [...PAGE_LISTS, ownName].some(name => {
      const property = view.schemaOf(properties[name], media.path)?.value;
      return property !== undefined && isList(property);
    });
  });
}

function isList({ type }: JsonObject): boolean {
  return type === 'array' || (Array.isArray(type) && type.includes('array'));
}

/** PUT and DELETE are idempotent of themselves (RFC 9110 section 9.2.2). */
export const writesAreIdempotent: OperationCheck = (operation, view) => {
  const { method, at: path } = operation;
  if (method !== 'post' && method !== 'patch') return [];
  const headers = [...parameterNames(view.parametersOf(operation), 'header')];
  if (headers.some(name => name.toLowerCase() === 'idempotency-key')) return [];
  const message = 'writes without an Idempotency-Key header; a repeated call would act twice';
  return [{ path, message }];
};

export const operationIdStyle: OperationCheck = ({ value, at }) => {
  const { operationId } = value;
  if (operationId === undefined) return [{ path: at, message: 'has no operationId' }];
  if (typeof operationId === 'string' && OPERATION_ID.test(operationId)) return [];
  const message = 'must be camelCase or kebab-case, such as listAccounts or list-accounts';
  return [{ path: [...at, 'operationId'], message }];
};

export const operationSummary: OperationCheck = ({ value, at }) => {
  const told = [value.summary, value.description].some(
    text => typeof text === 'string' && text.trim() !== '',
  );
  return told
    ? []
    : [{ path: at, message: 'says in neither summary nor description what it does' }];
};

export const parametersAreDescribed: OperationCheck = (operation, view) => {
  return view.parametersOf(operation).flatMap(parameter => {
    const { description, name, in: place } = parameter.value;
    if (place === 'path' || (typeof description === 'string' && description !== '')) return [];
    return [{ path: parameter.path, message: `does not say what ${String(name)} is` }];
  });
};

export const bodiesHaveExamples: OperationCheck = (operation, view) => {
  const body = view.schemaOf(operation.value.requestBody, [...operation.at, 'requestBody']);
  const answers = view
    .responsesOf(operation)
    .filter(([status]) => status.startsWith('2'))
    .map(([, response]) => response);
  const media = [...(body === undefined ? [] : [body]), ...answers].flatMap(jsonMediaOf);
  const bare = media.find(({ value, path: at }) => {
    const schema = view.schemaOf(value.schema, at)?.value ?? {};
    return !EXAMPLE.some(name => name in value || name in schema);
  });
  return bare === undefined ? [] : [{ path: bare.path, message: 'has no example' }];
};

/** Both ways: what the template has is declared, what is declared is in the template. */
export const pathParametersMatch: OperationCheck = (operation, view) => {
  const { path: template, at: path } = operation;
  const inTemplate = new Set([...template.matchAll(/\{([^{}]+)\}/g)].map(([, name]) => name!));
  const declared = parameterNames(view.parametersOf(operation), 'path');
  const missing = [...inTemplate].filter(name => !declared.has(name));
  const stray = [...declared].filter(name => !inTemplate.has(name));
  return [
    ...missing.map(name => ({
      path,
      message: `has {${name}} in its path and does not declare it`,
    })),
    ...stray.map(name => ({ path, message: `declares ${name}, which is not in its path` })),
  ];
};

/** A rule about operations as one about the document that they are found in. */
export function eachOperation(check: OperationCheck): RuleCheck {
  return (_document, view) => view.operations.flatMap(operation => check(operation, view));
}

export const operationIdsDiffer: RuleCheck = (_document, { operations }) => {
  const known = new Set<unknown>();
  return operations.flatMap(({ value: { operationId }, at }) => {
    if (operationId === undefined) return [];
    if (!known.has(operationId)) {
      known.add(operationId);
      return [];
    }
    const path = [...at, 'operationId'];
    return [{ path, message: 'is the operationId of another operation, too' }];
  });
};

export const operationsSucceed: OperationCheck = ({ value: { responses }, at }) => {
  if (!isObject(responses) || Object.keys(responses).some(status => SUCCESS.test(status)))
    return [];
  return [{ path: [...at, 'responses'], message: 'describes no success (2xx or 3xx)' }];
};
