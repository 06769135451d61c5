import { describe, expect, it } from 'vitest';
import { allCases, suffixesOf } from '../../../bench/compare/cases.ts';
import { presentCases, selectCases } from '../../../bench/compare/select-cases.ts';

const names = (cases: readonly { readonly name: string }[]) => cases.map(({ name }) => name);

describe('cases', () => {
  it('have the names that the record and the table know', () => {
    expect(names(allCases([])).toSorted()).toEqual([
      'fastify-signed',
      'haproxy-forward',
      'haproxy-jwt',
      'nginx-forward',
      'ours-forward',
      'ours-forward-unpipelined',
      'ours-jwt',
      'ours-jwt-unpipelined',
      'ours-signed',
      'ours-signed-inline',
      'ours-signed-single',
    ]);
  });

  it('are ours once more for another checkout, named after its folder', () => {
    const added = names(allCases(['/elsewhere/before'])).filter(name => name.includes('@'));
    expect(added).toEqual([
      'ours-forward@before',
      'ours-forward-unpipelined@before',
      'ours-signed@before',
      'ours-signed-single@before',
      'ours-signed-inline@before',
      'ours-jwt@before',
      'ours-jwt-unpipelined@before',
    ]);
    expect(suffixesOf(['/a/x', '/b/x', '/b/y'])).toEqual(['@/a/x', '@/b/x', '@y']);
  });

  it('can be chosen by name, and a name of none is refused', () => {
    const chosen = selectCases(allCases([]), ['haproxy-jwt', 'ours-signed']);
    expect(names(chosen)).toEqual(['ours-signed', 'haproxy-jwt']);
    expect(() => selectCases(allCases([]), ['envoy'])).toThrow(/no case named envoy; there are/);
  });
});

describe('a missing program', () => {
  it('takes its cases away and is named', () => {
    const { cases, missing } = presentCases(allCases([]), program => program === 'haproxy');
    expect(missing).toEqual(['haproxy']);
    expect(names(cases)).not.toContain('haproxy-jwt');
    expect(cases).toHaveLength(9);
  });

  it('is not missed where its cases were left out', () => {
    const ours = selectCases(allCases([]), ['ours-forward']);
    expect(presentCases(ours, program => program === 'haproxy').missing).toEqual([]);
  });

  it('takes all away where it is the load', () => {
    const found = presentCases(allCases([]), program => program === 'wrk');
    expect(found).toEqual({ cases: [], missing: ['wrk'] });
  });
});
