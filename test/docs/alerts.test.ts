import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { DEFAULT_RULES } from '../../src/control-plane/alerts/default-rules.ts';
import { loadConfig } from '../../src/control-plane/config/index.ts';
import { aFolder } from '../control-plane/config/config-fixture.ts';

const PAGE = readFileSync(new URL('../../docs/alerts.md', import.meta.url), 'utf8');
const RULES_FILE = new URL('../../contrib/prometheus/xingyun.rules.yml', import.meta.url);

/** The table rows of a section, each as its cells. */
function rowsOf(heading: string): string[][] {
  const section = PAGE.split(`\n## ${heading}\n`)[1]!.split('\n## ')[0]!;
  const rows = section.split('\n').filter(line => line.startsWith('| '));
  return rows.slice(1).map(row => row.slice(2, -2).split(' | '));
}

describe('docs/alerts.md', () => {
  it('shows a section that the gateway takes', () => {
    const block = PAGE.split('\n## Rules\n')[1]!.split('\nEvery option')[0]!;
    const folder = aFolder({
      'xingyun.yaml': block.replaceAll(/^ {4}/gm, ''),
      'webhook.secret': 'a-secret-of-more-than-22-characters',
    });
    const { config } = loadConfig(join(folder, 'xingyun.yaml'));
    expect(config.alerts.rules!.map(({ when }) => when.kind)).toEqual([
      'burn-rate',
      'percentile',
      'rate',
    ]);
  });

  it('lists the rules that ship with the gateway, as they are', () => {
    const listed = rowsOf('The rules that ship').flatMap(([names, severity, , wait]) =>
      [...names!.matchAll(/`([^`]+)`/g)].map(([, name]) => `${name} ${severity} ${wait}`),
    );
    const shipped = DEFAULT_RULES.map(
      ({ name, severity, forSeconds }) => `${name} ${severity} ${forSeconds} s`,
    );
    expect(listed).toEqual(shipped);
  });

  it('lists the burn rates of the rules file, as they are', () => {
    const { groups } = parse(readFileSync(RULES_FILE, 'utf8')) as {
      groups: { name: string; rules: { alert: string; expr: string; labels: object }[] }[];
    };
    const { rules } = groups.find(({ name }) => name === 'xingyun-availability')!;
    const shipped = rules.map(({ alert, expr, labels }) => {
      const windows = [...expr.matchAll(/failed_share_(\w+) > ([\d.]+)/g)];
      const [long, short] = windows.map(([, window]) => window);
      return [alert, long, short, windows[0]![2], Object.values(labels)[0]];
    });
    const listed = rowsOf('Prometheus').map(([alert, windows, factor, , severity]) => [
      alert,
      ...windows!.replace(/min\b/, 'm').replaceAll(' ', '').split(','),
      factor,
      severity,
    ]);
    expect(listed).toEqual(shipped);
  });
});
