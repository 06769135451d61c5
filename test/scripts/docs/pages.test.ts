import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import * as configurationPage from '../../../scripts/docs/configuration.ts';
import * as problemsPage from '../../../scripts/docs/problems.ts';
import { PROBLEM_NAMES, PROBLEMS } from '../../../src/core/problems.ts';

const root = new URL('../../../', import.meta.url);

describe('a generated page', () => {
  it.each([configurationPage, problemsPage])('$file is what its generator writes', page => {
    expect(readFileSync(new URL(page.file, root), 'utf8')).toBe(page.generate());
  });
});

describe('docs/problems.md', () => {
  const page = problemsPage.generate();

  it.each(PROBLEM_NAMES)('has an anchor, a row and an entry for %s', name => {
    const { status, title, remedy } = PROBLEMS[name];
    expect(page).toContain(`\n## ${name}\n\n${title}.\n`);
    expect(page).toContain(`| [${name}](#${name}) | ${status} | ${title} |`);
    expect(page).toContain(`- What to do: ${remedy}`);
  });
});

describe('docs/configuration.md', () => {
  const page = configurationPage.generate();

  it.each([
    '| `workers.queueMax` | whole number | `4096` | 1 | 1000000 |',
    '| `listener.tls.certFile` | text | mandatory |',
    '| `workers.placement` | `auto`, `inline`, `pool` | `auto` |',
    '| `upstreams[].responseTimeoutMs` | whole number | `10000` | 10 | 600000 |',
    '| `apis[].operations[].scopes` | list of text | none |',
  ])('has the row %s', row => {
    expect(page).toContain(`\n${row}`);
  });
});
