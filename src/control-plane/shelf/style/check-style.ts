/** Runs the rules over a document. It fetches nothing and evaluates nothing of it. */
import { type ISpectralDiagnostic, Spectral } from '@stoplight/spectral-core';
import type { JsonObject } from '../../../stores/registry-contract.ts';
import type { Issue, ReadDocument } from '../read-document.ts';
import { type Grade, gradeOf, type RuleCount } from './grade.ts';
import type { Severity } from './rule.ts';
import { messageOf, RULES, spectralRuleset } from './ruleset.ts';

/** Of each rule: a document that breaks one everywhere says so with the count. */
const FINDINGS_PER_RULE_MAX = 50;

export interface StyleFinding extends Omit<Issue, 'code'> {
  readonly rule: string;
  readonly severity: Severity;
  readonly blocking: boolean;
}

export interface StyleReport {
  readonly grade: Grade;
  readonly score: number;
  /** Whether a rule that blocks was broken. */
  readonly blocked: boolean;
  /** Every rule that was broken, with how often. */
  readonly rules: readonly RuleCount[];
  /** The first of each rule; errors before warnings. */
  readonly findings: readonly StyleFinding[];
}

/** Leaves every reference as it is, those to other places above all. */
const RESOLVER = {
  uriCache: {},
  resolve: async (source: unknown) => ({ result: source, errors: [], refMap: {}, graph: {} }),
};

const SEVERITIES: readonly Severity[] = ['error', 'warn', 'info'];

export async function checkStyle(document: ReadDocument, operations: number): Promise<StyleReport> {
  const spectral = new Spectral({ resolver: RESOLVER as never });
  spectral.setRuleset(spectralRuleset());
  const found = await spectral.run(parsedResult(document.value), { ignoreUnknownFormat: true });
  const byRule = Map.groupBy(found, ({ code }) => String(code));
  const rules = Object.entries(RULES).flatMap(([rule, { severity, blocking = false }]) => {
    const findings = byRule.get(rule)?.length ?? 0;
    return findings === 0 ? [] : [{ rule, severity, blocking, findings }];
  });
  rules.sort((a, b) => SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity));
  return {
    ...gradeOf(rules, operations),
    blocked: rules.some(({ blocking }) => blocking),
    rules,
    findings: rules.flatMap(({ rule, severity, blocking }) => {
      const first = byRule.get(rule)!.slice(0, FINDINGS_PER_RULE_MAX);
      return document.locate(first.map(placed)).map(({ pointer, line, message }) => {
        return { rule, severity, blocking, pointer, line, message };
      });
    }),
  };
}

function placed({ code, path, message }: ISpectralDiagnostic) {
  return { code: String(code), path, message: messageOf(String(code), message) };
}

/** The parser of Spectral is not needed: lines are looked up for findings only. */
function parsedResult(data: JsonObject) {
  return {
    parsed: { data, diagnostics: [], ast: {}, lineMap: [] },
    getLocationForJsonPath: () => undefined,
  };
}
