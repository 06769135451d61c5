/**
 * The bank's standard for documents, as rules of Spectral: ours, and the general ones for OpenAPI
 * that look at what is written. Those look at no path item behind a reference, so that rules about
 * operations are ours, all of them. docs/shelf.md lists them.
 */
import type { RulesetDefinition, RulesetFunction } from '@stoplight/spectral-core';
import { oas } from '@stoplight/spectral-rulesets';
import type { JsonObject } from '../../../stores/registry-contract.ts';
import {
  noSecretsInQueries,
  pathsAreKebabCase,
  propertiesAreCamelCase,
  serversUseHttps,
} from './document-rules.ts';
import { DocumentView } from './document-view.ts';
import {
  bodiesHaveExamples,
  eachOperation,
  errorsAreProblems,
  listsHavePages,
  operationIdStyle,
  operationIdsDiffer,
  operationSummary,
  operationsSucceed,
  parametersAreDescribed,
  pathParametersMatch,
  writesAreIdempotent,
} from './operation-rules.ts';
import type { RuleCheck, Severity } from './rule.ts';

interface StyleRule {
  readonly severity: Severity;
  /** Whether a finding keeps a document from the shelf, unless it is a draft. */
  readonly blocking?: true;
}

interface OwnRule extends StyleRule {
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
    check: serversUseHttps,
  },
  'query-secret': {
    severity: 'error',
    blocking: true,
    check: noSecretsInQueries,
  },
  'error-problem': {
    severity: 'error',
    blocking: true,
    check: eachOperation(errorsAreProblems),
  },
  'path-parameter': {
    severity: 'error',
    blocking: true,
    check: eachOperation(pathParametersMatch),
  },
  'operation-operationId-unique': {
    severity: 'error',
    blocking: true,
    check: operationIdsDiffer,
  },
  'write-idempotency': {
    severity: 'error',
    check: eachOperation(writesAreIdempotent),
  },
  'list-pagination': { severity: 'warn', check: eachOperation(listsHavePages) },
  'path-kebab-case': { severity: 'warn', check: pathsAreKebabCase },
  'property-camel-case': { severity: 'warn', check: propertiesAreCamelCase },
  'operation-id-style': {
    severity: 'warn',
    check: eachOperation(operationIdStyle),
  },
  'operation-summary': {
    severity: 'warn',
    check: eachOperation(operationSummary),
  },
  'operation-success-response': {
    severity: 'warn',
    check: eachOperation(operationsSucceed),
  },
  'parameter-description': {
    severity: 'info',
    check: eachOperation(parametersAreDescribed),
  },
  'body-example': { severity: 'info', check: eachOperation(bodiesHaveExamples) },
};

const GENERAL_RULES: Readonly<Record<string, GeneralRule>> = {
  'path-not-include-query': { severity: 'error', message: 'has a query in its path' },
  'path-keys-no-trailing-slash': { severity: 'warn', message: 'ends with a slash' },
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
  return document => {
    return check(document as JsonObject, DocumentView.of(document as JsonObject)).map(finding => ({
      message: finding.message,
      path: [...finding.path],
    }));
  };
}

/** Nothing is resolved: a few lines of references can stand for gigabytes. */
export function spectralRuleset(): RulesetDefinition {
  const own = Object.entries(OWN_RULES).map(([name, { severity, check }]) => {
    const then = { function: functionOf(check) };
    return [name, { severity, given: '$', resolved: false, message: '{{error}}', then }] as const;
  });
  const general = Object.entries(GENERAL_RULES).map(
    ([name, { severity }]) => [name, severity] as const,
  );
  return {
    extends: [[oas as RulesetDefinition, 'off']],
    rules: Object.fromEntries([...own, ...general]),
  };
}
