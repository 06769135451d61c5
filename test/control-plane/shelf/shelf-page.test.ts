import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { SHELF_PROBLEMS } from '../../../src/control-plane/shelf/problems.ts';
import { RULES } from '../../../src/control-plane/shelf/style/ruleset.ts';

const page = readFileSync(new URL('../../../docs/shelf.md', import.meta.url), 'utf8');

/** The first cells of each row of the table under a heading. */
function rowsUnder(heading: string): string[][] {
  const section = page.split(`\n## ${heading}\n`)[1]!.split('\n## ')[0]!;
  return [...section.matchAll(/^\| `([^`]+)` \| ([^|]+) \|(?: (yes|no) \|)?/gm)].map(
    ([, name, second, third]) => [name!, second!.trim(), ...(third === undefined ? [] : [third])],
  );
}

describe('docs/shelf.md', () => {
  it('has every rule with its severity, and whether it blocks', () => {
    const rules = Object.entries(RULES).map(([name, { severity, blocking = false }]) => {
      return [name, severity, blocking ? 'yes' : 'no'];
    });
    expect(rowsUnder("The bank's standard").sort()).toEqual(rules.sort());
  });

  it('has every refusal with its status', () => {
    const problems = Object.entries(SHELF_PROBLEMS).map(([name, { status }]) => [
      name,
      `${status}`,
    ]);
    expect(rowsUnder('Refusals')).toEqual(problems);
  });
});
