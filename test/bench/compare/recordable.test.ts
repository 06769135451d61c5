import { expect, it } from 'vitest';
import { allCases } from '../../../bench/compare/cases.ts';
import type { CompareResult, RoundFigures } from '../../../bench/compare/compare-result.ts';
import { isRecordable, reasonsAgainst } from '../../../bench/compare/recordable.ts';
import { caseSummary, roundFigures } from './figures.ts';

const GATEWAY = { suffix: '', commit: 'abc', changedMeanwhile: false };

const casesWith = (...changes: Partial<RoundFigures>[]) =>
  allCases([]).map(({ name }) => {
    return caseSummary(
      name,
      [0, 1, 2].map(index => roundFigures(index + 1, changes[index])),
    );
  });
const CASES = casesWith();

const RUN = { rounds: 3, seconds: 5, warmUpSeconds: 6, commit: 'abc' };
const result = (changes: Partial<CompareResult>) =>
  ({ ...RUN, cases: CASES, missing: [], gateways: [GATEWAY], ...changes }) as CompareResult;

it('takes a whole run into the record, even where one round was disturbed', () => {
  expect(isRecordable(result({}))).toBe(true);
  const disturbed = casesWith({ foreignShare: 0.5, stolenShare: 0.5 });
  expect(isRecordable(result({ cases: disturbed }))).toBe(true);
});

it('says everything that keeps a run out of it', () => {
  expect(reasonsAgainst(result({}))).toEqual([]);
  expect(reasonsAgainst(result({ commit: 'abc+changes', seconds: 1, cases: CASES }))).toEqual([
    'windows under 3 s',
    'a tree that is no commit',
  ]);
});

const foreign = { foreignShare: 0.21 };
const stolen = { stolenShare: 0.06 };

it.each<[string, Partial<CompareResult>]>([
  ['a case was left out', { cases: CASES.slice(1) }],
  ['a program is missing', { missing: ['haproxy'] }],
  ['two gateways ran', { gateways: [GATEWAY, { ...GATEWAY, suffix: '@x' }] }],
  ['the gateway was edited', { gateways: [{ ...GATEWAY, changedMeanwhile: true }] }],
  ['the tree had changes', { commit: 'abc+changes' }],
  ['the commit is unknown', { commit: '' }],
  ['there were two rounds', { rounds: 2 }],
  ['a round is absent', { rounds: 4 }],
  ['windows were short', { seconds: 2.9 }],
  ['the warm-up was short', { warmUpSeconds: 3.9 }],
  ['signed requests were used up early', { cases: casesWith({ seconds: 4 }) }],
  ['others had the core', { cases: casesWith(foreign, foreign) }],
  ['the hypervisor took time', { cases: casesWith(stolen, stolen) }],
  [
    'a round is void',
    { cases: CASES.map(found => ({ ...found, voidRounds: [{ round: 1, reason: 'x' }] })) },
  ],
])('leaves it out where %s', (_, changes) => {
  expect(isRecordable(result(changes))).toBe(false);
});
