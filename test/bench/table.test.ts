import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { allCases } from '../../bench/compare/cases.ts';
import { appendResult } from '../../bench/rig/results.ts';
import { SESSION_CASES } from '../../bench/sessions/session-cases.ts';
import type { SessionsResult } from '../../bench/sessions/sessions-result.ts';
import { recordedRows, tablePages, withTable } from '../../bench/table/readme-table.ts';
import { renderTable } from '../../bench/table/render-table.ts';
import { sessionsTable } from '../../bench/table/sessions-page.ts';
import { caseSummary, roundFigures } from './compare/figures.ts';
import { sessionRounds } from './sessions/figures.ts';

const ENVIRONMENT = {
  cpu: 'Test CPU',
  cores: 2,
  memoryMb: 24_105,
  kernel: '6.1.0',
  node: 'v24.21.0',
  os: 'Debian',
  loadAverage: 0.1,
};

const folders: string[] = [];
function resultsFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'xingyun-table-'));
  folders.push(folder);
  return folder;
}
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

const at = (day: number, commit = 'abc123', environment = ENVIRONMENT) => ({
  startedAt: `2026-11-0${day}T10:00:00.000Z`,
  commit,
  environment,
});

function loadRun(day: number, p99: number, more: object = {}): object {
  return {
    ...at(day),
    ...{ connections: 12_000, rate: 8_000, durationSeconds: 30, scheme: 'rfc9421-rsa' },
    ...{ method: 'POST', bodyBytes: 600, seed: 1, fronts: 1, workers: 1 },
    ...{ warmUpSeconds: 5, generators: 1 },
    ...{ p50: 0.91, p99, p999: 25, requests: 240_012, errors: {}, missedSends: 0 },
    generator: { limited: [] },
    ...more,
  };
}

/** A whole comparison of three rounds, with the two ratios to HAProxy. */
function compareRun(day: number, more: object): object {
  const figures = { median: 0.9712, min: 0.95, max: 1.02, count: 3 };
  const ratio = (name: string, toShare: number) => ({
    ...{ name: `${name} / haproxy-forward`, metric: 'cpuMicrosPerRequest', ...figures },
    coreShares: [0.99, toShare],
  });
  const rounds = [1, 2, 3].map(number => roundFigures(number));
  return {
    ...at(day),
    ...{ rounds: 3, seconds: 5, warmUpSeconds: 6, seed: 1, signedRequests: 176_000, missing: [] },
    cases: allCases([]).map(({ name }) => caseSummary(name, rounds)),
    gateways: [{ suffix: '', commit: 'abc123', changedMeanwhile: false }],
    ratios: [ratio('ours-forward', 0.98), ratio('ours-forward-unpipelined', 0.85)],
    ...more,
  };
}

function microRun(day: number, cpuMicrosPerOp: number, more: object = {}): object {
  const figures = { cpuMicrosPerOp, cpuMicrosPerOpMin: 0.19, cpuMicrosPerOpMax: 0.214, rounds: 5 };
  return { ...at(day), cases: [{ name: 'histogram-record', ...figures }], ...more };
}

function idleRun(levels: object[]): object {
  const figures = { bytesPerConnection: 1_536, rssAfterBytes: 200 * 2 ** 20 };
  const call = { callStatus: 200, callMs: 3.1234 };
  return {
    ...at(3),
    levels: levels.map(level => ({ connections: 12_000, ...figures, ...call, ...level })),
  };
}

function sessionsRun(day: number, more: object): SessionsResult {
  const ratio = { name: 'ws-json-get / http-signed-get', median: 0.4762, min: 0.46, max: 0.49 };
  const run = {
    ...at(day),
    ...{ rounds: 3, seconds: 4, warmUpSeconds: 4, connections: 128, seed: 1, pipelined: false },
    cases: SESSION_CASES.map(({ name }) => ({ name, rounds: sessionRounds(3), voidRounds: [] })),
    ratios: [{ ...ratio, count: 3 }],
    ...more,
  };
  return run as unknown as SessionsResult;
}

function fanoutRun(day: number, more: object): object {
  const phase = (slower: number, p99: number) => ({
    events: {
      ...{ events: 20, lastMs: { median: 100 * slower, max: 150 * slower } },
      arrival: { p50: 50 * slower },
    },
    deliveryCpu: { othersShare: 0.02 },
    callsBesideEvents: { latency: { p99 } },
  });
  return {
    ...at(day),
    ...{ subscribers: 10_000, silent: 500, events: 20, eventBytes: 200, intervalMs: 250 },
    ...{ callRate: 1_000, callers: 100, seed: 1, faults: 0, closed: {} },
    ...{ readersOnly: phase(1, 8), withSilent: phase(1.1, 9.5) },
    silentFigures: { memoryWithout: { rssMb: 300 }, memoryBehind: { rssMb: 480, waitingMb: 128 } },
    ...more,
  };
}

const english = (folder: string) => renderTable(recordedRows(folder), 'en').split('\n');

describe('the table of figures in both READMEs, and of docs/benchmarks.md', () => {
  it.each(tablePages().map(page => [page.name, page] as const))(
    'is in %s what bench/results says',
    (_, { now, wanted }) => {
      expect(now, 'npm run bench:table writes it').toBe(wanted);
    },
  );

  it('stands between its markers and leaves the rest of the page alone', () => {
    const page = 'before\n<!-- bench:table -->\nold\n<!-- /bench:table -->\nafter\n';
    expect(withTable(page, [], 'en')).toBe(
      'before\n<!-- bench:table -->\nNo run is recorded.\n<!-- /bench:table -->\nafter\n',
    );
    expect(() => withTable('no markers', [], 'en')).toThrow('<!-- bench:table -->');
  });
});

describe('a row of the table', () => {
  it('shows the newest run, its day, commit and machine', () => {
    const folder = resultsFolder();
    appendResult('load', loadRun(2, 9), folder);
    appendResult('load', loadRun(1, 8, { commit: 'older1' }), folder);
    expect(english(folder)).toEqual([
      '| what | seen | command | run |',
      '|---|---|---|---|',
      '| 12,000 connections, 8,000 signed POSTs a second (RSA-2048) for 30 s, open loop, ' +
        'no access log ' +
        '| p50 0.91 ms, p99 9 ms, p99.9 25 ms, 0 of 240,012 failed ' +
        '| `npm run bench:load -- --connections 12000 --rate 8000 --duration 30` ' +
        '| 2026-11-02 abc123 |',
      '',
      'Machine: Test CPU (2 cores, 24 GB), Debian, Linux 6.1.0, Node v24.21.0.',
    ]);
  });

  it('shows the range over several runs of one commit, and the worst of their failures', () => {
    const folder = resultsFolder();
    appendResult('load', loadRun(1, 8, { errors: { reset: 2 }, missedSends: 1 }), folder);
    appendResult('load', loadRun(2, 9), folder);
    const [, , row] = english(folder);
    expect(row).toContain('p99 9 ms (8 to 9 in 2 runs), p99.9 25 ms (25 in 2 runs)');
    expect(row).toContain('3 of 240,012 failed');
  });

  it('does not take runs of changed trees together', () => {
    const folder = resultsFolder();
    appendResult('micro', microRun(1, 0.1, { commit: 'abc123+changes' }), folder);
    appendResult('micro', microRun(2, 0.2, { commit: 'abc123+changes' }), folder);
    expect(english(folder)[2]).toContain('0.2 µs (0.19 to 0.214 in 5 rounds)');
  });

  it('says with which options a run was made, and takes no others together with it', () => {
    const folder = resultsFolder();
    appendResult('load', loadRun(1, 8), folder);
    const options = { warmUpSeconds: 10, durationSeconds: 60, generators: 2, seed: 7 };
    appendResult('load', loadRun(2, 9, options), folder);
    const [, , row] = english(folder);
    expect(row).toContain('for 60 s, open loop, no access log | p50 0.91 ms, p99 9 ms, p99.9');
    expect(row).toContain('--duration 60 --warm-up 10 --generators 2 --seed 7`');
  });

  it('has a run with the access log in a row of its own', () => {
    const folder = resultsFolder();
    appendResult('load', loadRun(1, 8), folder);
    appendResult('load', loadRun(2, 9, { accessLog: true }), folder);
    const rows = recordedRows(folder);
    expect(rows.map(({ what }) => what.en.split('open loop, ')[1])).toEqual([
      'no access log',
      'with its access log',
    ]);
    expect(rows[1]!.command).toMatch(/ --duration 30 --access-log$/);
  });

  it.each([
    ['of another length', { durationSeconds: 5 }],
    ['with a short warm-up', { warmUpSeconds: 4 }],
    ['of another body', { bodyBytes: 0 }],
    ['of a changed tree', { commit: 'abc123+changes' }],
    ['of an unknown tree', { commit: '' }],
    ['with more workers', { workers: 2 }],
    ['in which the generator was the limit', { generator: { limited: ['lag'] } }],
  ])('does not come from a run %s', (_, more) => {
    const folder = resultsFolder();
    appendResult('load', loadRun(1, 8, more), folder);
    expect(recordedRows(folder)).toEqual([]);
  });

  it('is left out where nothing was recorded, not invented', () => {
    const folder = resultsFolder();
    expect(recordedRows(folder)).toEqual([]);
    appendResult('micro', microRun(1, 0.2), folder);
    expect(recordedRows(folder).map(({ what }) => what.en)).toEqual([
      'recording one exchange in every histogram',
    ]);
  });

  it('shows the highest rate between what passed and what did not', () => {
    const folder = resultsFolder();
    const shape = { connections: 12_000, scheme: 'rfc9421-rsa', method: 'POST' };
    const least = { durationSeconds: 8, warmUpSeconds: 5, repeats: 3, resolution: 0.04 };
    const usual = { lowRate: 2_000, highRate: 16_000, bodyBytes: 600, generators: 1, seed: 1 };
    const limits = { p99Ms: 50, p999Ms: 100 };
    const options = { ...shape, ...least, ...usual, fronts: 1, workers: 1, limits };
    const run = (day: number, more: object) => ({ ...at(day), ...options, ...more });
    for (const less of [{ durationSeconds: 7 }, { repeats: 2 }, { commit: 'abc123+changes' }]) {
      appendResult('max', run(3, { passedAll: 9_999, ...less }), folder);
    }
    expect(recordedRows(folder)).toEqual([]);
    appendResult('max', run(1, { passedAll: 9_000, notPassed: 9_400 }), folder);
    expect(recordedRows(folder)[0]!.seen.en).toBe('9,000 a second; 9,400 did not pass');
    appendResult('max', run(2, { passedAll: 9_300, notPassed: undefined }), folder);
    expect(recordedRows(folder)[0]!.seen.en).toBe(
      '9,300 a second (9,000 to 9,300 in 2 runs), the highest that was tried',
    );
    expect(recordedRows(folder)[0]!.command).toBe('npm run bench:max');
    appendResult('max', run(4, { passedAll: 9_000, notPassed: 9_400, repeats: 10 }), folder);
    expect(recordedRows(folder)[0]!.command).toBe('npm run bench:max -- --repeats 10');
  });

  it('shows the rounds of a micro benchmark, in the words of either language', () => {
    const folder = resultsFolder();
    appendResult('micro', microRun(1, 0.1987), folder);
    const [row] = recordedRows(folder);
    expect(row!.seen).toEqual({
      en: '0.199 µs (0.19 to 0.214 in 5 rounds)',
      zh: '0.199 µs（5 轮：0.19 至 0.214）',
    });
    const chinese = renderTable([row!], 'zh');
    expect(chinese).toContain('| 内容 | 测得 | 命令 | 运行 |');
    expect(chinese).toContain('| 把一次调用记入全部直方图 |');
    expect(chinese).toContain('机器：Test CPU');
  });

  it('shows the ratios of a comparison with its setting and what all rounds lie between', () => {
    const folder = resultsFolder();
    appendResult('compare', compareRun(2, { rounds: 2 }), folder);
    expect(recordedRows(folder)).toEqual([]);
    appendResult('compare', compareRun(1, { warmUpSeconds: 10, signedRequests: 240_000 }), folder);
    const [tuned, byDefault] = recordedRows(folder);
    expect(tuned!.what.en).toContain(
      '`connectionsMax: 4, pipeliningMax: 16` (by default 64 and 1)',
    );
    expect(tuned!.what.zh).toContain('`connectionsMax: 4, pipeliningMax: 16`（默认为 64 和 1）');
    expect(tuned!.seen.en).toBe('0.971 times (0.95 to 1.02 in 3 rounds)');
    expect(tuned!.command).toBe('npm run bench:compare -- --rounds 3 --warm-up 10');
    expect(byDefault!.seen.en).toContain('; not saturated: 99 % and 85 % of a core used');
  });

  it('has calls over sessions in a row of their own', () => {
    const folder = resultsFolder();
    const session = { transport: 'ws-json', method: 'GET', bodyBytes: 0, rate: 20_000 };
    appendResult('load', loadRun(1, 8, { ...session, rate: 8_000 }), folder);
    appendResult('load', loadRun(1, 8, { ...session, transport: 'ws-msgpack' }), folder);
    appendResult('load', loadRun(1, 8, { ...session, signsMessages: true }), folder);
    expect(recordedRows(folder)).toEqual([]);
    appendResult('load', loadRun(2, 9, { ...session, pipelined: true }), folder);
    const [row] = recordedRows(folder);
    expect(row!.what.en).toBe(
      '12,000 WebSocket sessions with signed handshakes, 20,000 GETs a second (JSON) for 30 s, ' +
        'open loop, no access log; upstream tuned: `connectionsMax: 4, pipeliningMax: 16` ' +
        '(by default 64 and 1)',
    );
    expect(row!.command).toMatch(/ --rate 20000 --duration 30 --ws --pipelined$/);
  });

  it('shows what calls over sessions cost, of whole and quiet comparisons', () => {
    const folder = resultsFolder();
    appendResult('sessions', sessionsRun(1, { commit: 'abc123+changes' }), folder);
    appendResult('sessions', sessionsRun(1, { rounds: 2 }), folder);
    expect(recordedRows(folder)).toEqual([]);
    appendResult('sessions', sessionsRun(1, { pipelined: true }), folder);
    const [row] = recordedRows(folder);
    expect(row!.what.en).toContain('a GET over a WebSocket session (JSON)');
    expect(row!.seen).toEqual({
      en: '0.476 times (0.46 to 0.49 in 3 rounds)',
      zh: '0.476 倍（3 轮：0.46 至 0.49）',
    });
    expect(row!.command).toBe('npm run bench:sessions -- --pipelined');
    appendResult('sessions', sessionsRun(1, {}), folder);
    expect(recordedRows(folder).map(({ command }) => command)).toEqual([
      'npm run bench:sessions -- --pipelined',
      'npm run bench:sessions',
    ]);
    expect(sessionsTable([])).toBe('No run is recorded.');
    const table = sessionsTable([sessionsRun(1, {})]);
    expect(table).toContain('| `ws-json-get` | 40 | 39 | 0 | 20,000 | 97 % |');
    expect(table).toContain('| `ws-json-get / http-signed-get` | 0.476 | 0.46 | 0.49 |');
    expect(table).toContain('`npm run bench:sessions`, 2026-11-01, commit abc123, Test CPU');
  });

  it('shows when events reach the last subscriber, with and without silent ones', () => {
    const folder = resultsFolder();
    appendResult('fanout', fanoutRun(1, { subscribers: 100 }), folder);
    appendResult('fanout', fanoutRun(1, { commit: '' }), folder);
    appendResult('fanout', fanoutRun(1, { faults: 1 }), folder);
    appendResult('fanout', fanoutRun(1, { closed: { reset: 1 } }), folder);
    const busy = { withSilent: { deliveryCpu: { othersShare: 0.2 } } };
    appendResult('fanout', fanoutRun(1, busy), folder);
    expect(recordedRows(folder)).toEqual([]);
    appendResult('fanout', fanoutRun(1, {}), folder);
    expect(recordedRows(folder).map(({ seen }) => seen.en)).toEqual([
      '100 ms, slowest of 20 events 150 ms; half have it in 50 ms',
      '110 ms, slowest of 20 events 165 ms; half have it in 55 ms',
      '8 ms and 9.5 ms',
      '300 MB and 480 MB, of which 128 MB wait for them',
    ]);
    expect(recordedRows(folder)[0]!.command).toBe('npm run bench:fanout');
  });

  it('shows whether the instruments agree', () => {
    const folder = resultsFolder();
    const ratio = { median: 0.985, min: 0.97, max: 1.01, count: 3 };
    appendResult('agree', { ...at(2, 'abc123+changes'), ratio }, folder);
    appendResult('agree', { ...at(2), ratio: { ...ratio, count: 2 } }, folder);
    expect(recordedRows(folder)).toEqual([]);
    appendResult('agree', { ...at(1), ratio }, folder);
    const [row] = recordedRows(folder);
    expect(row!.seen.en).toBe('0.985 times (0.97 to 1.01 in 3 rounds)');
    expect(row!.command).toBe('npm run bench:agree');
  });

  it('shows memory per idle connection by transport', () => {
    const folder = resultsFolder();
    const levels = [
      { transport: 'http', used: false },
      { transport: 'tls', used: false },
      { transport: 'http', used: false, connections: 1_000 },
    ];
    appendResult('idle', idleRun(levels), folder);
    expect(recordedRows(folder).map(({ seen, command }) => [seen.en, command])).toEqual([
      ['1.5 KB, of 200 MB in all', 'npm run bench:idle'],
      ['1.5 KB, of 200 MB in all', 'npm run bench:idle -- --tls'],
      ['200 in 3.12 ms', 'npm run bench:idle'],
    ]);
  });

  it('names its machine by a number where there are several', () => {
    const folder = resultsFolder();
    appendResult('load', loadRun(1, 8), folder);
    const other = { environment: { ...ENVIRONMENT, cpu: 'Other CPU' } };
    appendResult('micro', microRun(2, 0.2, other), folder);
    const lines = english(folder);
    expect(lines[2]).toMatch(/abc123 \(1\) \|$/);
    expect(lines[3]).toMatch(/abc123 \(2\) \|$/);
    expect(lines.at(-1)).toMatch(/^Machine: \(1\) Test CPU.*; \(2\) Other CPU/);
  });
});
