import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { TestSpecification, Vitest } from 'vitest/node';
import { LONG, LongestFirst } from './longest-first.ts';

const pathOf = (name: string) => fileURLToPath(new URL(`${name}.test.ts`, import.meta.url));

/** No earlier run is known, as in a fresh checkout: vitest goes by the sizes of the files. */
const FRESH = { cache: { getTestSpecificationResult: () => undefined } } as unknown as Vitest;

function file(name: string, project: object): TestSpecification {
  return { moduleId: pathOf(name), project } as unknown as TestSpecification;
}

function project(name: string, isolate: boolean, groupOrder = 0): object {
  return { name, config: { isolate, sequence: { groupOrder } } };
}

describe('the order of the test files', () => {
  it('names files that are there, each once', () => {
    expect(LONG.filter(name => !existsSync(pathOf(name)))).toEqual([]);
    expect(new Set(LONG).size).toBe(LONG.length);
  });

  it('has the long ones first, one project behind the other', async () => {
    const alone = project('alone', true);
    const together = project('together', false);
    const measured = project('measured', true, 1);
    const files = [
      file('bench/agree', measured),
      file('tidy/rules', together),
      file('gateway/shutdown', together),
      file('cli/start', together),
      file('native/uws', alone),
      file('faults/reload', alone),
    ];
    const sorted = await new LongestFirst(FRESH).sort(files);
    expect(sorted.map(({ moduleId }) => moduleId)).toEqual(
      [
        ...['faults/reload', 'native/uws', 'cli/start', 'gateway/shutdown', 'tidy/rules'],
        'bench/agree',
      ].map(pathOf),
    );
  });
});
