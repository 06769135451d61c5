import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { EXCEPTIONS } from './exceptions.ts';
import { judge } from './judge.ts';
import { RULES } from './rules/index.ts';
import { readTree } from './source-tree.ts';

describe('the source tree', () => {
  const tree = readTree(fileURLToPath(new URL('../../', import.meta.url)));

  it('is really looked at', () => {
    const paths = tree.code.map(({ path }) => path);
    expect(paths).toContain('src/core/exchange.ts');
    expect(paths).toContain('test/tidy/tidy.test.ts');
  });

  it.each(RULES)('keeps the rule $name', rule => {
    const exceptions = EXCEPTIONS.filter(exception => exception.rule === rule.name);
    expect(judge(tree, [rule], exceptions)).toEqual([]);
  });

  it('excuses nothing from rules that do not exist', () => {
    const names = RULES.map(({ name }) => name);
    expect(EXCEPTIONS.filter(({ rule }) => !names.includes(rule))).toEqual([]);
  });
});
