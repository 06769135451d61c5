import { expect, it } from 'vitest';
import { allCases } from '../../../bench/compare/cases.ts';
import type { CompareResult } from '../../../bench/compare/compare-result.ts';
import { isRecordable } from '../../../bench/compare/recordable.ts';
import { caseSummary, roundFigures } from './figures.ts';

const GATEWAY = { suffix: '', commit: 'abc', changedMeanwhile: false };
const CASES = allCases([]).map(({ name }) => caseSummary(name, [roundFigures(1)]));

const result = (changes: Partial<CompareResult>) =>
  ({ cases: CASES, missing: [], gateways: [GATEWAY], ...changes }) as CompareResult;

it('takes a whole run into the record', () => {
  expect(isRecordable(result({}))).toBe(true);
});

it.each<[string, Partial<CompareResult>]>([
  ['a case was left out', { cases: CASES.slice(1) }],
  ['a program is missing', { missing: ['haproxy'] }],
  ['two gateways ran', { gateways: [GATEWAY, { ...GATEWAY, suffix: '@x' }] }],
  ['the gateway was edited', { gateways: [{ ...GATEWAY, changedMeanwhile: true }] }],
  [
    'a round is void',
    { cases: CASES.map(found => ({ ...found, voidRounds: [{ round: 1, reason: 'x' }] })) },
  ],
])('leaves it out where %s', (_, changes) => {
  expect(isRecordable(result(changes))).toBe(false);
});
