import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const PAGE = readFileSync(new URL('../../docs/fapi.md', import.meta.url), 'utf8');
const ROW = /\[[a-z-]+\]\(\.\.\/(test\/[^)]+)\): (.+) \|$/;
const rows = PAGE.split('\n').filter(line => line.includes('](../test/'));

describe('each rule of FAPI 2.0', () => {
  it.each(rows)('%s', row => {
    const [, file, name] = ROW.exec(row) ?? [];
    expect(name).toBeDefined();
    const text = readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');
    expect(text.includes(name!)).toBe(true);
  });
});
