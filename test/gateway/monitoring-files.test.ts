/** The files for Prometheus and Grafana name what a running gateway really shows. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { parse } from 'yaml';
import { createDemoBank, type DemoBank } from '../../src/demo/bank/index.ts';
import { TestGateway } from '../support/gateway.ts';
import { ACCOUNTS, PartnerTraffic } from '../support/partner-traffic.ts';
import { type Expression, readPromql, type Selector } from '../support/promql.ts';

interface Rule {
  readonly record?: string;
  readonly alert?: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}
interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly gridPos: Readonly<Record<'x' | 'y' | 'w' | 'h', number>>;
  readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[];
}

const contrib = (file: string) =>
  readFileSync(new URL(`../../contrib/${file}`, import.meta.url), 'utf8');
const RULES_TEXT = contrib('prometheus/xingyun.rules.yml');
const { groups } = parse(RULES_TEXT) as {
  groups: { name: string; interval?: string; rules: Rule[] }[];
};
const RULES = groups.flatMap(({ rules }) => rules);
const ALERTS = RULES.filter(({ alert }) => alert !== undefined);
const DASHBOARD = JSON.parse(contrib('grafana/xingyun-dashboard.json')) as {
  readonly panels: readonly Panel[];
  readonly annotations: { readonly list: readonly { readonly expr: string }[] };
  readonly templating: { readonly list: readonly { readonly name: string }[] };
};
const TARGETS = DASHBOARD.panels.flatMap(({ title, targets = [] }) =>
  targets.map(target => ({ title, ...target })),
);

const DURATION = /^\d+[smhd]$/;
/** Prometheus adds them to whatever it reads, and has `up` of each target itself. */
const SCRAPE_LABELS = ['job', 'instance'];
const SCRAPE_METRICS = ['up'];

/** As Grafana replaces them before Prometheus sees the expression. */
const withoutVariables = (expr: string) => expr.replaceAll('$__rate_interval', '5m');

const EXPRESSIONS: readonly (readonly [string, string])[] = [
  ...RULES.map(({ record, alert, expr }) => [record ?? alert!, expr] as const),
  ...TARGETS.map(({ title, expr }) => [`panel ${title}`, withoutVariables(expr)] as const),
  ...DASHBOARD.annotations.list.map(({ expr }) => ['annotation', expr] as const),
];

/** Of /metrics, each by name: the values of its labels. */
const shown = new Map<string, Map<string, Set<string>>>();
const types = new Map<string, string>();

function take(text: string): void {
  for (const line of text.split('\n')) {
    const [, metric, type] = /^# TYPE (\S+) (\S+)$/.exec(line) ?? [];
    if (metric !== undefined) types.set(metric, type!);
    const [, name, inner = ''] = /^([a-z_]+)(?:\{(.*)\})? /.exec(line) ?? [];
    if (name === undefined) continue;
    const labels = shown.get(name) ?? new Map<string, Set<string>>();
    shown.set(name, labels);
    for (const [, label, value] of inner.matchAll(/([a-z_]+)="((?:[^"\\]|\\.)*)"/g)) {
      labels.set(label!, (labels.get(label!) ?? new Set()).add(value!));
    }
  }
}

let bank: DemoBank;
let gateway: TestGateway;

beforeAll(async () => {
  bank = await createDemoBank();
  gateway = await TestGateway.start({
    upstreamPort: bank.port,
    config: { workers: { placement: 'pool' } },
  });
  const partner = new PartnerTraffic(gateway, { connections: 1 });
  await partner.call(ACCOUNTS);
  await partner.close();
  // Threads sample themselves once a second.
  const sampled = async () => {
    take(await (await fetch(`${gateway.adminUrl}/metrics`)).text());
    const threads = shown.get('xingyun_thread_event_loop_delay_seconds')?.get('thread');
    expect(threads).toEqual(new Set(['main', 'front-0']));
  };
  await vi.waitFor(sampled, { timeout: 30_000, interval: 100 });
});
afterAll(async () => {
  await gateway?.dispose();
  await bank?.close();
});

const recorded = new Map(RULES.flatMap(({ record, expr }) => (record ? [[record, expr]] : [])));

/** The labels of a metric or of a recorded one, for which `by` decides. */
function labelsOf(metric: string): readonly string[] {
  const expr = recorded.get(metric);
  if (expr === undefined) return [...SCRAPE_LABELS, ...(shown.get(metric)?.keys() ?? [])];
  const { groupings, selectors } = readPromql(expr);
  return groupings[0]?.labels ?? labelsOf(selectors[0]!.metric);
}

/** The values of a label that a matcher lets through. */
function matched({ operator, value }: Selector['matchers'][number], values: Set<string>) {
  const pattern = new RegExp(`^(?:${value})$`);
  const tests: Readonly<Record<string, (text: string) => boolean>> = {
    '=': text => text === value,
    '!=': text => text !== value,
    '=~': text => pattern.test(text),
    '!~': text => !pattern.test(text),
  };
  return [...values].filter(tests[operator]!);
}

function checkSelector({ metric, matchers }: Selector): void {
  const isKnown = shown.has(metric) || recorded.has(metric) || SCRAPE_METRICS.includes(metric);
  expect(isKnown, `${metric} is there`).toBe(true);
  for (const matcher of matchers) {
    if (SCRAPE_LABELS.includes(matcher.label)) continue;
    const values = shown.get(metric)?.get(matcher.label);
    expect(values, `${metric} has ${matcher.label}`).toBeDefined();
    const where = `${metric}{${matcher.label}${matcher.operator}"${matcher.value}"}`;
    expect(matched(matcher, values!).length, where).toBeGreaterThan(0);
    // One that is misspelt would be hidden by the others.
    for (const part of matcher.operator === '=~' ? matcher.value.split('|') : []) {
      expect(matched({ ...matcher, value: part }, values!).length, part).toBeGreaterThan(0);
    }
  }
}

function typeOf(metric: string): string | undefined {
  const family = metric.replace(/_(bucket|sum|count)$/, '');
  return types.get(metric) ?? types.get(family);
}

/** Counters are looked at by what they grow; what is not one does not grow. */
function checkUse({ metric, within }: Selector): void {
  if (recorded.has(metric) || SCRAPE_METRICS.includes(metric)) return;
  const isGrowing = ['rate', 'increase'].includes(within[0] ?? '');
  expect(isGrowing, `${within[0]} of ${metric}`).toBe(typeOf(metric) !== 'gauge');
}

function isPercentile(metric: string, { matchers }: Selector): boolean {
  const isOfMetric = shown.get(metric)?.has('quantile') || /:p\d+/.test(metric);
  return isOfMetric || matchers.some(({ label }) => label === 'quantile');
}

function checkPercentiles({ selectors, groupings }: Expression): void {
  for (const selector of selectors) {
    const { metric, within } = selector;
    if (within.includes('histogram_quantile')) {
      expect(metric).toMatch(/_bucket(:|$)/);
      expect(labelsOf(metric)).toContain('le');
      for (const { labels, metrics } of groupings) {
        if (metrics.includes(metric)) expect(labels).toContain('le');
      }
    }
    if (!isPercentile(metric, selector)) continue;
    for (const name of ['avg', 'sum', 'avg_over_time', 'sum_over_time', 'rate', 'quantile']) {
      expect(within, `${name} of percentiles`).not.toContain(name);
    }
  }
}

describe.each(EXPRESSIONS)('%s', (_, expr) => {
  it('is PromQL about what /metrics shows', () => {
    const { selectors, groupings } = readPromql(expr);
    expect(selectors.length).toBeGreaterThan(0);
    for (const selector of selectors) {
      checkSelector(selector);
      checkUse(selector);
    }
    for (const { labels, metrics } of groupings) {
      for (const label of labels) expect(labelsOf(metrics[0]!)).toContain(label);
    }
  });

  it('takes quantiles of added buckets, and adds up no percentiles', () => {
    checkPercentiles(readPromql(expr));
  });
});

describe('the rules file', () => {
  it('has groups with names of their own, and nothing that Prometheus would refuse', () => {
    expect(Object.keys(parse(RULES_TEXT))).toEqual(['groups']);
    expect(new Set(groups.map(({ name }) => name)).size).toBe(groups.length);
    for (const { name, interval, rules, ...others } of groups) {
      expect(name).toMatch(/^xingyun-[a-z-]+$/);
      expect(others).toEqual({});
      if (interval !== undefined) expect(interval).toMatch(DURATION);
      expect(rules.length).toBeGreaterThan(0);
    }
    for (const rule of RULES) {
      const { record, alert, expr, labels = {}, annotations = {}, ...others } = rule;
      const { for: forText, ...unknown } = others;
      expect(unknown).toEqual({});
      expect(typeof expr).toBe('string');
      expect((record === undefined) !== (alert === undefined)).toBe(true);
      if (record !== undefined) expect(record).toMatch(/^[a-z_]+:xingyun_[a-z_]+:[a-z0-9_]+$/);
      if (forText !== undefined) expect(forText).toMatch(DURATION);
      for (const text of Object.values({ ...labels, ...annotations })) {
        expect(typeof text).toBe('string');
      }
    }
  });

  it('has alerts with a name, a severity and words for whoever is woken', () => {
    expect(new Set(ALERTS.map(({ alert }) => alert)).size).toBe(ALERTS.length);
    for (const { alert, labels, annotations } of ALERTS) {
      expect(alert).toMatch(/^Xingyun[A-Z][A-Za-z]+$/);
      expect(['page', 'ticket'], alert).toContain(labels!.severity);
      expect(Object.keys(annotations!)).toEqual(['summary', 'description']);
    }
  });

  it('names in its words only labels that the expression leaves', () => {
    for (const { alert, expr, annotations } of ALERTS) {
      const words = Object.values(annotations!).join(' ');
      const named = [...words.matchAll(/\$labels\.([a-z_]+)/g)].map(([, label]) => label);
      const { selectors, groupings } = readPromql(expr);
      const left = groupings[0]?.labels ?? labelsOf(selectors[0]!.metric);
      for (const label of named) expect(left, alert).toContain(label);
    }
  });

  it('uses every recorded figure, in a rule or on a page', () => {
    const used = new Set(
      EXPRESSIONS.flatMap(([, expr]) => readPromql(expr).selectors.map(({ metric }) => metric)),
    );
    const page = readFileSync(new URL('../../docs/alerts.md', import.meta.url), 'utf8');
    for (const name of recorded.keys()) {
      expect(used.has(name) || page.includes(name), name).toBe(true);
    }
  });

  it('asks two windows for each burn rate, the short one a twelfth of the long one', () => {
    const group = groups.find(({ name }) => name === 'xingyun-availability')!;
    for (const { expr } of group.rules) {
      const windows = [...expr.matchAll(/failed_share_(\d+)([mhd])/g)].map(
        ([, count, unit]) => Number(count) * { m: 1, h: 60, d: 1_440 }[unit as 'm' | 'h' | 'd'],
      );
      expect(windows).toHaveLength(2);
      expect(windows[0]! / windows[1]!).toBe(12);
      const [first, second] = [...expr.matchAll(/> ([\d.]+) \* 0\.001/g)].map(([, f]) => f);
      expect(first).toBe(second);
    }
  });
});

describe('the dashboard', () => {
  it('has panels with ids and places of their own', () => {
    const { panels } = DASHBOARD;
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    const taken = new Set<string>();
    for (const { title, gridPos } of panels) {
      expect(gridPos.x + gridPos.w, title).toBeLessThanOrEqual(24);
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
          expect(taken.has(`${x} ${y}`), title).toBe(false);
          taken.add(`${x} ${y}`);
        }
      }
    }
  });

  it('asks for the chosen hosts alone, and names only variables that it has', () => {
    const names = DASHBOARD.templating.list.map(({ name }) => name);
    expect(names).toEqual(['datasource', 'job', 'instance']);
    for (const { expr, title } of TARGETS) {
      const { selectors } = readPromql(withoutVariables(expr));
      for (const { matchers } of selectors) {
        expect(matchers, title).toContainEqual({ label: 'job', operator: '=', value: '$job' });
        expect(matchers, title).toContainEqual({
          ...{ label: 'instance', operator: '=~', value: '$instance' },
        });
      }
    }
    const text = JSON.stringify(DASHBOARD);
    for (const [, name] of text.matchAll(/\$\{?([A-Za-z_]+)/g)) {
      expect([...names, '__rate_interval']).toContain(name);
    }
  });

  it('labels each line by labels that it has', () => {
    for (const { expr, legendFormat, title } of TARGETS) {
      const { selectors, groupings } = readPromql(withoutVariables(expr));
      const isSum = selectors[0]!.within.some(name => ['sum', 'max'].includes(name));
      const left = isSum ? (groupings[0]?.labels ?? []) : labelsOf(selectors[0]!.metric);
      for (const [, label] of legendFormat.matchAll(/\{\{(\w+)\}\}/g)) {
        expect(left, title).toContain(label);
      }
    }
  });
});
