import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { refusePath } from '../../src/core/canonical-target.ts';
import { compileSnapshot } from '../../src/data-plane/route/index.ts';
import { anApi, aSnapshot } from '../data-plane/route/route-fixture.ts';

const PAGE = readFileSync(new URL('../../docs/paths.md', import.meta.url), 'utf8');

/** The cells of each row below the table head that starts with `head`, without their quotes. */
function rowsOf(head: string, section = ''): string[][] {
  const lines = PAGE.slice(PAGE.indexOf(section)).split('\n');
  const start = lines.findIndex(line => line.startsWith(`| ${head} |`)) + 2;
  const rows: string[][] = [];
  for (let i = start; lines[i]?.startsWith('|'); i++) {
    const cells = lines[i]!.split('|').slice(1, -1);
    rows.push(cells.map(cell => cell.trim().replace(/^`(.*)`$/, '$1')));
  }
  if (rows.length === 0) throw new Error(`the page has no rows under ${head}`);
  return rows;
}

describe('docs/paths.md', () => {
  it.each(rowsOf('path', '## Accepted'))('%s is accepted: %s', path => {
    expect(refusePath(path!)).toBeUndefined();
  });

  it.each(rowsOf('path', '## Refused'))('%s is refused: %s', path => {
    expect(refusePath(path!)).toEqual(expect.any(String));
  });

  const published = rowsOf('published').map(([template]) => `GET ${template}`);
  const compiled = compileSnapshot(aSnapshot({ apis: [anApi('orders', ...published)] }));

  it.each(rowsOf('call'))('%s is answered with %s', (path, answer) => {
    expect(refusePath(path!)).toBeUndefined();
    const found = compiled.find('GET', path!);
    expect('operation' in found ? found.operation.pathTemplate : found.name).toBe(answer);
  });

  it('names encodings that are canonical', () => {
    for (const value of ['a b', 'li@bank.example', 'café', '1:2', '100%', '星云', "!$&'()*+,=:"]) {
      expect(refusePath(`/payees/${encodeURIComponent(value)}`)).toBeUndefined();
    }
  });
});
