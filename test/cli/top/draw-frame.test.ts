import { describe, expect, it } from 'vitest';
import { drawFrame } from '../../../src/cli/top/draw-frame.ts';
import { STATUS_CLASSES } from '../../../src/core/recorder.ts';
import { STAGES } from '../../../src/core/stages.ts';
import type { LiveFrame } from '../../../src/telemetry/live-frame.ts';

const FACTS = { version: '1.2.3', startedAtMs: 0 };
const SIZE = { columns: 100, rows: 60 };
const AT = Date.UTC(2026, 0, 2, 3, 4, 5);

function aFrame(exchanges = 4_000): LiveFrame {
  const latency = { count: exchanges, mean: 2, p50: 1.5, p90: 3, p99: 12.25, p999: 20, max: 123.4 };
  return {
    kind: 'frame',
    traffic: {
      ...{ fromMs: AT - 1_000, toMs: AT, exchanges, good: exchanges * 0.75, aborted: 0, latency },
      statuses: Object.fromEntries(STATUS_CLASSES.map(name => [name, 0])) as never,
      problems: { 'rate-limited': 10, overloaded: 1_200 },
      stages: STAGES.map(stage => ({
        ...{ stage, count: exchanges, p50: 0.1, p99: 0.5 },
        meanOfAll: stage === 'total' ? 2 : stage === 'upstream' ? 1 : 0.1,
      })),
      elsewhere: 0.3,
      heat: [],
    },
    ...{ curve: [], proofs: {}, proven: 0 },
    ...{ exchangesInFlight: 7, connections: 1_024, sessions: 3, rssBytes: 183_000_000 },
    threads: [
      {
        ...{ name: 'front-0', kind: 'front', cpu: 0.613, utilization: 0.7, restarts: 2 },
        ...{ delayP99: 0.42, delayMax: 3, heapUsedBytes: 1, sampledAtMs: AT - 500 },
      },
      {
        ...{ name: 'front-0-worker-0', kind: 'worker', cpu: 0.05, utilization: null, restarts: 0 },
        ...{ delayP99: null, delayMax: null, heapUsedBytes: null, sampledAtMs: AT - 9_000 },
      },
    ],
    pools: [
      {
        ...{ front: 0, workers: 2, queueLength: 5, batches: 1_000, batchSizes: [], jobs: 4_000 },
        ...{ meanWait: 0.31, meanService: 0.04 },
        lanes: [{ app: 'nebula-web', waiting: 4, share: 0.9 }],
      },
    ],
  };
}

describe('a frame in a terminal', () => {
  const lines = drawFrame(FACTS, [aFrame(1_000), aFrame(2_000), aFrame()], SIZE);
  const lineWith = (text: string) => lines.find(line => line.includes(text));

  it('has rate, goodput and latency with their units', () => {
    expect(lines[0]).toBe(
      'xingyun 1.2.3   up 20455 d 3 h   memory 183 MB   2026-01-02 03:04:05 UTC',
    );
    expect(lineWith('calls/s')).toContain('4,000 calls/s   good 3,000 (75 %)   in flight 7');
    expect(lineWith('p99.9')).toBe('  p50 1.50   p90 3.00   p99 12.3   p99.9 20.0   max 123 ms');
    expect(lineWith('▅')).toBe('  ▃▅█');
  });

  it('has what is refused, most first', () => {
    expect(lineWith('refused')).toBe('  refused   overloaded 1,200   rate-limited 10');
  });

  it('has stages that add up to the total, with bars', () => {
    expect(lineWith('upstream ')).toMatch(/upstream +1\.00 +0\.100 +0\.500 {2}█{12}$/);
    expect(lineWith('elsewhere')).toMatch(/elsewhere +0\.300/);
    expect(lineWith('total')).toMatch(/total +2\.00 .*█{24}$/);
  });

  it('has threads and pools, and says which thread is silent', () => {
    expect(lineWith('front-0  ')).toMatch(/front-0 +61 % +70 % +0\.420 ms +2$/);
    expect(lineWith('worker-0')).toMatch(/5\.0 % +0 {3}silent$/);
    expect(lines.at(-1)).toMatch(
      /front-0 +2 +5 +4,000 +4\.0 +0\.310 +0\.040 {3}nebula-web 90 % \+4$/,
    );
  });

  it('fits the terminal, however small', () => {
    for (const [columns, rows] of [
      [80, 24],
      [20, 3],
      [1, 1],
    ] as const) {
      const small = drawFrame(FACTS, [aFrame()], { columns, rows });
      expect(small.length).toBeLessThanOrEqual(rows);
      for (const line of small) expect([...line].length).toBeLessThanOrEqual(columns);
    }
  });

  it('has no figure where nothing happened', () => {
    const nothing = aFrame(0);
    const drawn = drawFrame(FACTS, [{ ...nothing, pools: [], threads: [] }], SIZE).join('\n');
    expect(drawn).not.toMatch(/NaN|undefined|Infinity/);
    expect(drawn).toContain('no pool has told of itself yet');
  });
});
