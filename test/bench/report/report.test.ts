import { describe, expect, it } from 'vitest';
import { renderReport } from '../../../bench/report/render-report.ts';
import { buildResult } from './load-results.ts';
import { allOf, attribute, byId, hasClass, seriesPaths, textOf } from './parsed-page.ts';
import { expectSoundPage } from './sound-page.ts';

const INTENDED = 'from the intended send';
const ACTUAL = 'from the actual send';
const CLOSED = 'as a closed loop';
const SECTIONS = ['latency', 'heat', 'rate', 'stages', 'cpu', 'memory', 'machine'];

const first = buildResult({ seconds: 6, rate: 2_000 });
const second = { ...buildResult({ seconds: 6, rate: 2_000, seed: 7, stallMs: 400 }), commit: 'f0' };

describe('a report of one run', () => {
  const page = expectSoundPage(renderReport([first]));

  it('has a section for each question', () => {
    const ids = allOf(page, 'section').map(section => attribute(section, 'id'));
    expect(ids).toEqual(SECTIONS);
  });

  it('says what was run, where, and how it ended', () => {
    const text = textOf(allOf(page, 'header')[0]!);
    for (const part of [
      '12,000 connections at 2,000/s',
      'signed with rfc9421-rsa',
      'seed 42',
      'commit bd2f891c0f',
      '2026-03-01T12:00:00.000Z',
      'AMD EPYC 7B13, 2 cores',
      'no errors',
      'no missed sends',
      'no connection lost',
      'signatures.createdMaxAgeMs: 3600000 · telemetry.accessLog: false',
      'of 2,000/s asked for',
    ]) {
      expect(text).toContain(part);
    }
    const tiles = allOf(page, 'dd').map(textOf);
    expect(tiles).toHaveLength(6);
    expect(tiles[2]).toBe(`${first.p99.toPrecision(3)} ms`);
    expect(text).not.toContain('void');
    expect(text).not.toContain('do not add up');
  });

  it('draws both clocks and a closed loop, on a linear and on a logarithmic scale', () => {
    for (const id of ['latency-linear', 'latency-log']) {
      const paths = seriesPaths(byId(page, id));
      expect([...paths.keys()]).toEqual([INTENDED, ACTUAL, CLOSED]);
      for (const path of paths.values()) {
        expect(path).toMatch(/^M0 [\d.]+h0(L[\d.]+ [\d.]+){40,}$/);
      }
    }
  });

  it('puts p99 two decades along the axis of percentiles', () => {
    const dots = allOf(byId(page, 'latency-log'), 'circle');
    const p99 = dots.find(dot => textOf(dot).startsWith('p99 '))!;
    const across = Number.parseFloat(attribute(p99, 'cx')!);
    expect(across).toBeCloseTo((100 * 2) / Math.log10(first.answered), 2);
  });

  it('has a heat map column for each second', () => {
    const strips = allOf(byId(page, 'heat-map'), 'rect').filter(rect => hasClass(rect, 'strip'));
    expect(strips).toHaveLength(6);
    const timed = first.timeline.heat.counts[3]!.reduce((sum, count) => sum + count);
    expect(textOf(strips[3]!)).toContain(`second 3: ${timed.toLocaleString('en')} requests`);
  });

  it('draws each thread, and counts its CPU per request', () => {
    expect([...seriesPaths(byId(page, 'cpu-chart')).keys()].sort()).toEqual(
      ['front-1', 'front-1-worker-1', 'main'].sort(),
    );
    const rows = allOf(byId(page, 'cpu'), 'tr').map(row => row.childNodes.map(textOf));
    expect(rows).toContainEqual(['gateway, whole process', '71.2 µs']);
    expect(rows).toContainEqual(['upstream', '22.4 µs']);
    expect(rows).toContainEqual(['generator', '31 µs']);
  });

  it('shows the stages in figures and says that their means add up', () => {
    const stages = byId(page, 'stages');
    expect(textOf(stages)).toContain('percentiles do not');
    expect(textOf(stages)).toMatch(/The means of the stages sum to [\d.]+ ms,\s96.9% of the total/);
    const names = allOf(stages, 'th').filter(cell => attribute(cell, 'scope') === 'row');
    expect(names.map(textOf)).toEqual(Object.keys(first.stages));
  });

  it('shows hiccups and lag beside the latency', () => {
    expect([...seriesPaths(byId(page, 'noise')).keys()]).toEqual([
      'latency from the intended send',
      'latency from the actual send',
      'hiccups beside the gateway',
      'hiccups beside the generator',
      'generator’s lag',
    ]);
  });

  it('ends the axis of the machine with the maximum', () => {
    const labels = allOf(byId(page, 'noise'), 'text').map(textOf);
    expect(labels).toContain('99.99%');
    expect(labels.at(-1)).toBe('max');
  });

  it('has the figures of every line chart in a table', () => {
    const charts = allOf(page, 'figure').filter(figure => seriesPaths(figure).size > 0);
    expect(charts.length).toBeGreaterThan(5);
    const bare = charts.filter(figure => allOf(figure, 'table').length === 0);
    expect(bare.map(figure => attribute(figure, 'id'))).toEqual(['noise']);
    expect(allOf(byId(page, 'machine'), 'table')).toHaveLength(1);
  });
});

describe('a report of a run that lost connections', () => {
  it('says how many and how, and that the counts add up all the same', () => {
    const errors = { 'connection-lost': 3 };
    const connectionsLost = { 'idle-close': 2, 'unsolicited-bytes': 1 };
    const lossy = { ...first, errors, connectionsLost, connectionsOpenMin: 11_997 };
    const page = expectSoundPage(renderReport([lossy]));
    const text = textOf(allOf(page, 'header')[0]!).replace(/\s+/g, ' ');
    expect(text).toContain('connections lost: idle-close 2, unsolicited-bytes 1');
    expect(text).toContain('never fewer than 11,997 of 12,000 connections open');
    expect(text).not.toContain('do not add up');
  });
});

describe('a report of two runs', () => {
  const page = expectSoundPage(renderReport([first, second]));
  const labels = ['A (bd2f891c0f)', 'B (f0)'];

  it('draws both into the same charts, each with its name', () => {
    const both = (what: string) => labels.map(label => `${label}: ${what}`);
    const names = (id: string) => [...seriesPaths(byId(page, id)).keys()].sort();
    expect(names('latency-log')).toEqual(
      [...both(ACTUAL), ...both(INTENDED), ...both(CLOSED)].sort(),
    );
    expect(names('rate-chart')).toEqual([...both('answered'), ...both('due')].sort());
    expect(names('error-chart')).toEqual(both('errors'));
    expect(names('memory-chart')).toEqual(both('resident memory'));
    expect(names('cpu-chart-1')).toEqual(labels);
    const legend = allOf(byId(page, 'latency-log'), 'li').map(item => textOf(item).trim());
    expect(legend.sort()).toEqual(names('latency-log'));
  });

  it('gives each run a heat map and a chart of its machine', () => {
    for (const id of ['heat-map-a', 'heat-map-b', 'noise-a', 'noise-b']) {
      expect(byId(page, id).tagName).toBe('figure');
    }
  });

  it('names in what they differ and gives ratios to the first', () => {
    const text = textOf(byId(page, 'comparison'));
    expect(text).toContain('The runs differ in commit: bd2f891c0f, f0; seed: seed 42, seed 7.');
    const rows = allOf(byId(page, 'comparison'), 'tr').map(row => row.childNodes.map(textOf));
    const p999 = rows.find(([name]) => name === 'p99.9 from the intended send')!;
    expect(p999[2]).toContain(`(×${(second.p999 / first.p999).toFixed(2)})`);
  });

  it('shows what coordinated omission would have hidden', () => {
    const text = textOf(byId(page, 'latency'));
    expect(second.p99).toBeGreaterThan(10 * second.fromActualSend.p99);
    const [due, sent] = [second.p99, second.fromActualSend.p99];
    const seen = text.replace(/\s+/g, ' ');
    expect(seen).toContain(`p99 is ${Math.round(due)} ms / ${sent.toPrecision(3)} ms / `);
    expect(seen).toContain('64 clients in a closed loop would have asked');
  });
});

describe('a report of many runs', () => {
  it('tells runs apart that have nothing but their time to differ in', () => {
    const again = { ...first, startedAt: '2026-03-02T08:00:00.000Z' };
    const page = expectSoundPage(renderReport([first, again, again]));
    const text = textOf(allOf(page, 'header')[0]!);
    expect(text).toContain('Run B (2026-03-02T08:00:00.000Z)');
    expect(text).toContain('Run C (2026-03-02T08:00:00.000Z)');
    expect(textOf(byId(page, 'comparison'))).toContain('the same commit, load and machine');
  });

  it('has letters and hues for more runs than there are of either', () => {
    const runs = Array.from({ length: 30 }, (_, seed) => ({ ...first, seed }));
    const page = expectSoundPage(renderReport(runs));
    expect(seriesPaths(byId(page, 'memory-chart')).size).toBe(30);
  });

  it('is refused for no run', () => {
    expect(() => renderReport([])).toThrow(RangeError);
  });
});
