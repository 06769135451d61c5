import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import jsonata from 'jsonata';
import { describe, expect, it } from 'vitest';
import { namesUsed } from '../../../src/payload/jsonata/expression-names.ts';

const needsWatch = (text: string) => namesUsed(jsonata(text).ast()).needsWatch;

/** Those that the realm has its own of; the clock is bound elsewhere. */
function libraryFunctions(): string[] {
  const source = readFileSync(createRequire(import.meta.url).resolve('jsonata'), 'utf8');
  return [...source.matchAll(/staticFrame\.bind\('([A-Za-z0-9]+)'/g)].map(match => match[1]!);
}

describe('the watch over an expression', () => {
  it('is set for regular expressions and for functions that may take long', () => {
    expect(needsWatch('a[b = /x/]')).toBe(true);
    expect(needsWatch('$distinct(a)')).toBe(true);
    expect(needsWatch('a.{"b": $split(c, ",")}')).toBe(true);
  });

  it('is set where a function is passed on', () => {
    expect(needsWatch('$reduce(a, $append)')).toBe(true);
    expect(needsWatch('a ~> $sum')).toBe(true);
    expect(needsWatch('($f := $append; $reduce(a, $f))')).toBe(true);
  });

  it('is not set for paths, arithmetic and calls of what is linear', () => {
    expect(needsWatch('{"a": b.c[d > 2].e, "f": $sum(g.h) * 2, "i": $uppercase(j)}')).toBe(false);
    expect(needsWatch('($f := function($x) { $x + 1 }; $map(a, $f))')).toBe(false);
  });

  it('knows every function of the library', () => {
    const names = libraryFunctions();
    expect(names.length).toBeGreaterThan(50);
    // One that is not known would not be told apart from a variable.
    expect(names.filter(name => !needsWatch(`($x := $${name})`))).toEqual([]);
  });
});
