import { describe, expect, it } from 'vitest';
import type { LoadResult } from '../../../bench/load/load-result.ts';
import { renderReport } from '../../../bench/report/render-report.ts';
import { buildResult } from './load-results.ts';
import {
  allOf,
  attribute,
  byId,
  type Element,
  hasClass,
  type ParsedPage,
  seriesPaths,
  textOf,
} from './parsed-page.ts';
import { expectSoundPage } from './sound-page.ts';

const plain = buildResult({ seconds: 4, rate: 1_000 });
const render = (...results: LoadResult[]) => expectSoundPage(renderReport(results));
const headerOf = (page: ParsedPage) => textOf(allOf(page, 'header')[0]!).replace(/\s+/g, ' ');
const withTimeline = (result: LoadResult, timeline: Partial<LoadResult['timeline']>) => ({
  ...result,
  timeline: { ...result.timeline, ...timeline },
});

describe('a run that the generator limited', () => {
  const generator = { ...plain.generator, limited: ['busiest generator at 98% of a core'] };

  it('is announced as void, with the reasons', () => {
    const header = headerOf(render({ ...plain, generator }));
    expect(header).toContain('This run is void.');
    expect(header).toContain('busiest generator at 98% of a core');
  });

  it('is void in a comparison, where the other is not', () => {
    const page = render(plain, { ...plain, generator });
    const voided = allOf(page, 'article').filter(run => textOf(run).includes('void'));
    expect(voided.map(run => attribute(run, 'aria-label'))).toEqual([`Run B (${plain.startedAt})`]);
  });
});

describe('a run with errors', () => {
  const failing = buildResult({ seconds: 4, rate: 1_000, errorShare: 0.1 });

  it('counts them by kind, the most frequent first', () => {
    const page = render(failing);
    const errors = failing.requests - failing.answered;
    expect(headerOf(page)).toContain(`${errors} errors (`);
    const [run] = allOf(page, 'article');
    const rows = allOf(run!, 'tr').map(row => row.childNodes.map(textOf));
    expect(rows.slice(1).map(([kind]) => kind)).toEqual(['verify-saturated', 'reset']);
    expect(rows[1]![1]).toBe(String(errors - 1));
  });

  it('says so where the counts do not add up', () => {
    const header = headerOf(render({ ...failing, missedSends: 3 }));
    expect(header).toContain('The counts do not add up');
    expect(header).toContain('3 missed sends');
  });

  it('marks a rate that was not reached', () => {
    const page = render({ ...failing, achievedRate: failing.rate * 0.9 });
    const bad = allOf(page, 'span').filter(span => hasClass(span, 'bad'));
    expect(bad.map(textOf)).toContain('900/s answered without error');
  });
});

describe('a run without an answer', () => {
  const silent = {
    ...buildResult({ seconds: 3, rate: 500, errorShare: 1 }),
    stages: {},
  };

  it('has no percentiles rather than zeros', () => {
    const page = render(silent);
    expect(allOf(page, 'dd').map(textOf)).toEqual(Array(6).fill('–'));
    expect(textOf(byId(page, 'latency'))).toContain('Nothing was answered.');
    expect(textOf(byId(page, 'latency-log'))).toContain('nothing was measured');
    expect(textOf(byId(page, 'heat-map'))).toContain('nothing was measured');
    expect(seriesPaths(byId(page, 'latency-log')).size).toBe(0);
  });

  it('is compared without ratios to what is not there', () => {
    const page = render(silent, plain);
    const rows = allOf(byId(page, 'comparison'), 'tr').map(row => row.childNodes.map(textOf));
    const p99 = rows.find(([name]) => name === 'p99 from the intended send')!;
    expect(p99.slice(1)).toEqual(['–', `${plain.p99.toPrecision(3)} ms`]);
  });
});

describe('a run in which everything timed out', () => {
  const { requests } = plain;
  const page = render({ ...plain, answered: 0, achievedRate: 0, errors: { timeout: requests } });

  it('keeps the time that was waited', () => {
    expect(headerOf(page)).toContain(`${requests.toLocaleString('en')} errors (100% of requests)`);
    expect(allOf(page, 'dd').map(textOf)[2]).toBe(`${plain.p99.toPrecision(3)} ms`);
    expect(seriesPaths(byId(page, 'latency-log')).size).toBe(3);
  });
});

describe('a run with sends that were missed', () => {
  const missedSends = Math.round(plain.requests / 2);
  const page = render({ ...plain, missedSends, answered: plain.requests - missedSends });

  it('ends the curve from the actual send where fewer requests reach', () => {
    const paths = seriesPaths(byId(page, 'latency-log'));
    const endOf = (name: string) => Number(paths.get(name)!.split('L').at(-1)!.split(' ')[0]);
    expect(endOf('from the intended send')).toBe(1_000);
    const sent = Math.log10(plain.requests - missedSends) / Math.log10(plain.requests);
    expect(endOf('from the actual send')).toBeCloseTo(1_000 * sent, 1);
  });
});

describe('a second of which nothing was answered', () => {
  const { heat, answered } = plain.timeline;
  const gapped = withTimeline(plain, {
    answered: answered.with(2, 0),
    heat: {
      ...heat,
      counts: heat.counts.with(
        2,
        heat.upperMs.map(() => 0),
      ),
    },
  });

  it('is marked in the heat map and falls to zero in the rate', () => {
    const page = render(gapped);
    const gaps = allOf(byId(page, 'heat-map'), 'path').filter(path => hasClass(path, 'gap'));
    expect(gaps.map(path => attribute(path, 'd'))).toEqual(['M500 0H750V1000H500Z']);
    expect(seriesPaths(byId(page, 'rate-chart')).get('answered')).toMatch(/L625 1000L/);
  });

  it('is no gap where nothing was due', () => {
    const idle = withTimeline(gapped, { due: plain.timeline.due.with(2, 0) });
    const page = render(idle);
    expect(allOf(byId(page, 'heat-map'), 'path').some(path => hasClass(path, 'gap'))).toBe(false);
  });
});

describe('a run with one answer beyond all others', () => {
  const { heat } = plain.timeline;
  const lastBand = heat.counts[1]!.with(-1, 1);
  const outlier = {
    ...withTimeline(plain, { heat: { ...heat, counts: heat.counts.with(1, lastBand) } }),
    max: 8_000_000,
  };
  const page = render(outlier);

  it('shows it at the end of the curve and in its second', () => {
    const path = seriesPaths(byId(page, 'latency-log')).get('from the intended send')!;
    const [across, up] = path.split('L').at(-1)!.split(' ').map(Number);
    expect(across).toBe(1_000);
    expect(up).toBeLessThan(60);
    const lightest = allOf(byId(page, 'heat-map'), 'path').find(each => hasClass(each, 'shade-1'))!;
    expect(attribute(lightest, 'd')).toMatch(/M250 0H500V/);
  });

  it('keeps the places of the lower percentiles on the logarithmic scale', () => {
    const dots = allOf(byId(page, 'latency-log'), 'circle');
    const heights = dots.map(dot => Number.parseFloat(attribute(dot, 'cy')!));
    expect(heights[0]! - heights[2]!).toBeGreaterThan(5);
  });
});

describe('figures that were not measured', () => {
  it('leave gaps and dashes', () => {
    const { NaN: none } = Number;
    const lag = { ...plain.generator.lag, p9999: none, max: none };
    const page = render({
      ...withTimeline(plain, { rssMb: [none, 150, none, 160], cpuByThread: {} }),
      generator: { ...plain.generator, lag },
      upstreamCpuMicrosPerRequest: none,
    });
    const memory = seriesPaths(byId(page, 'memory-chart')).get('resident memory')!;
    expect(memory.match(/M[\d.]+ [\d.]+h0/g)).toHaveLength(2);
    expect(memory).not.toContain('L');
    const rows = allOf(byId(page, 'cpu'), 'tr').map(row => row.childNodes.map(textOf));
    expect(rows).toContainEqual(['upstream', '–']);
    expect(textOf(byId(page, 'cpu-chart'))).toContain('nothing was measured');
  });

  it('may be a whole timeline', () => {
    const page = render(
      withTimeline(plain, {
        due: [],
        answered: [],
        errors: [],
        rssMb: [],
        cpuByThread: {},
        heat: { upperMs: [], counts: [] },
      }),
    );
    expect(textOf(byId(page, 'rate-chart'))).toContain('nothing was measured');
  });
});

describe('an hour and a single answer', () => {
  it('draws an hour without a strip for each second, which no pointer could meet', () => {
    const hour = (value: number) => Array.from({ length: 3_600 }, () => value);
    const { heat } = plain.timeline;
    const counts = hour(0).map(() => heat.counts[0]!);
    const timeline = {
      due: hour(9),
      answered: hour(9),
      rssMb: hour(90),
      heat: { ...heat, counts },
    };
    const page = render(withTimeline(plain, timeline));
    const strips = (id: string): Element[] => allOf(byId(page, id), 'rect');
    expect(strips('rate-chart')).toEqual([]);
    expect(seriesPaths(byId(page, 'rate-chart')).get('due')!.split('L')).toHaveLength(3_600);
  });

  it('draws one answer as one point', () => {
    const curve = [{ percentile: 100, ms: 3 }];
    const heat = { upperMs: [2, 4], counts: [[0, 1]] };
    const timeline = { ...plain.timeline, heat };
    const lone = {
      ...plain,
      timeline,
      answered: 1,
      curve,
      fromActualSend: { ...plain.fromActualSend, curve },
    };
    const path = seriesPaths(byId(render(lone), 'latency-linear')).get('from the intended send');
    expect(path).toMatch(/^M0 [\d.]+h0$/);
  });
});

describe('hostile strings in a result', () => {
  const evil = `"><script>alert('x')</script><img src=//evil.example onerror=x>&amp;\u0000\u202e`;
  const hostile: LoadResult = {
    ...plain,
    method: evil,
    startedAt: evil,
    commit: `${evil}+${evil}`,
    scheme: evil as LoadResult['scheme'],
    errors: { [evil]: 4 },
    stages: { [evil]: plain.stages.total!, total: plain.stages.total! },
    cpuMicrosPerRequest: { process: 1, [evil]: 2 },
    generator: { ...plain.generator, limited: [evil] },
    timeline: { ...plain.timeline, cpuByThread: { [evil]: plain.timeline.due } },
    environment: { ...plain.environment, cpu: evil, kernel: evil, node: evil, os: evil },
  };

  it('stay text, alone and in a comparison', () => {
    for (const page of [render(hostile), render(plain, hostile)]) {
      expect(allOf(page, 'script')).toEqual([]);
      expect(allOf(page, 'img')).toEqual([]);
      const shown = `"><script>alert('x')</script><img src=//evil.example onerror=x>&amp;`;
      expect(textOf(byId(page, 'stages'))).toContain(shown);
      expect(textOf(page.elements[0]!)).not.toMatch(/[\u0000\u202e]/);
    }
  });
});
