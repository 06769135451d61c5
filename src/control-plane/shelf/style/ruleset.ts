/**
 * The bank's standard for documents, as rules of Spectral: ours, and the general ones for OpenAPI
 * that look at what is written without following references. docs/shelf.md lists them.
 */
import type { RulesetDefinition, RulesetFunction } from '@stoplight/spectral-core';
import { oas } from '@stoplight/spectral-rulesets';
import type { JsonObject } from '../../../stores/registry-contract.ts';
import { isObject } from '../json-object.ts';
import {
  noSecretsInQueries,
  pathsAreKebabCase,
  propertiesAreCamelCase,
  serversUseHttps,
} from './document-rules.ts';
import { DocumentView } from './document-view.ts';
import {
  bodiesHaveExamples,
  errorsAreProblems,
  listsHavePages,
  operationIdStyle,
  operationSummary,
  parametersAreDescribed,
  pathParametersMatch,
  writesAreIdempotent,
} from './operation-rules.ts';
import type { RuleCheck, Severity } from './rule.ts';

const DOCUMENT = '$';
const PATHS = '$.paths';
const OPERATION = '$.paths[*][get,put,post,delete,options,head,patch]';

interface StyleRule {
  readonly severity: Severity;
  /** Whether a finding keeps a document from the shelf, unless it is a draft. */
  readonly blocking?: true;
}

interface OwnRule extends StyleRule {
  readonly given: string;
  readonly check: RuleCheck;
}

interface GeneralRule extends StyleRule {
  /** Said in place of what the rule says, where it says it at all. */
  readonly message: string;
}

const OWN_RULES: Readonly<Record<string, OwnRule>> = {
  'server-https': {
    severity: 'error',
    blocking: true,
    given: DOCUMENT,
    check: serversUseHttps,
  },
  'query-secret': {
    severity: 'error',
    blocking: true,
    given: DOCUMENT,
    check: noSecretsInQueries,
  },
  'error-problem': {
    severity: 'error',
    blocking: true,
    given: OPERATION,
    check: errorsAreProblems,
  },
  'path-parameter': {
    severity: 'error',
    blocking: true,
    given: OPERATION,
    check: pathParametersMatch,
  },
  'write-idempotency': { severity: 'error', given: OPERATION, check: writesAreIdempotent },
  'list-pagination': { severity: 'warn', given: OPERATION, check: listsHavePages },
  'path-kebab-case': { severity: 'warn', given: PATHS, check: pathsAreKebabCase },
  'property-camel-case': { severity: 'warn', given: DOCUMENT, check: propertiesAreCamelCase },
  'operation-id-style': { severity: 'warn', given: OPERATION, check: operationIdStyle },
  'operation-summary': { severity: 'warn', given: OPERATION, check: operationSummary },
  'parameter-description': { severity: 'info', given: OPERATION, check: parametersAreDescribed },
  'body-example': { severity: 'info', given: OPERATION, check: bodiesHaveExamples },
};

const GENERAL_RULES: Readonly<Record<string, GeneralRule>> = {
  'operation-operationId-unique': {
    severity: 'error',
    blocking: true,
    message: 'is the operationId of another operation, too',
  },
  'path-not-include-query': { severity: 'error', message: 'has a query in its path' },
  'path-keys-no-trailing-slash': { severity: 'warn', message: 'ends with a slash' },
  'operation-success-response': { severity: 'warn', message: 'describes no success (2xx or 3xx)' },
  'typed-enum': { severity: 'warn', message: 'is not of the type that its schema names' },
  'duplicated-entry-in-enum': { severity: 'warn', message: 'has a value twice' },
  'no-$ref-siblings': { severity: 'info', message: 'stands beside a $ref, which hides it in 3.0' },
  'info-description': { severity: 'info', message: 'has no description of the API' },
  'oas3-api-servers': { severity: 'info', message: 'names no server' },
};

export const RULES: Readonly<Record<string, OwnRule | GeneralRule>> = {
  ...OWN_RULES,
  ...GENERAL_RULES,
};

/** What is told about a finding. */
export function messageOf(rule: string, said: string): string {
  return GENERAL_RULES[rule]?.message ?? said;
}

function functionOf(check: RuleCheck): RulesetFunction {
  return (node, _options, { path, document }) => {
    if (!isObject(node as JsonObject)) return [];
    const view = DocumentView.of(document.data as JsonObject);
    return check(node as JsonObject, path, view).map(finding => ({
      message: finding.message,
      path: [...finding.path],
    }));
  };
}

/** Nothing is resolved: a few lines of references can stand for gigabytes. */
export function spectralRuleset(): RulesetDefinition {
  const own = Object.entries(OWN_RULES).map(([name, { severity, given, check }]) => {
    const then = { function: functionOf(check) };
    return [name, { severity, given, resolved: false, message: '{{error}}', then }] as const;
  });
  const general = Object.entries(GENERAL_RULES).map(
    ([name, { severity }]) => [name, severity] as const,
  );
  return {
    extends: [[oas as RulesetDefinition, 'off']],
    rules: Object.fromEntries([...own, ...general]),
  };
}
