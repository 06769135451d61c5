import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { readEnvironment } from '../../../bench/rig/environment.ts';
import { reasonsAgainstSessions } from '../../../bench/sessions/recordable-sessions.ts';
import { SESSION_CASES } from '../../../bench/sessions/session-cases.ts';
import type { SessionRound, SessionsResult } from '../../../bench/sessions/sessions-result.ts';
import { sessionsText } from '../../../bench/sessions/sessions-text.ts';
import { sessionRounds } from './figures.ts';

const MAIN = fileURLToPath(new URL('../../../bench/sessions/main.ts', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'xingyun-sessions-'));
afterAll(() => rmSync(folder, { recursive: true }));

function run(args: readonly string[]) {
  return spawnSync(process.execPath, [MAIN, '--no-record', ...args], { encoding: 'utf8' });
}

function resultOf(changes: Partial<SessionsResult> = {}, round: Partial<SessionRound> = {}) {
  const rounds = sessionRounds(3, round);
  const result: SessionsResult = {
    ...{ name: 'sessions', startedAt: '', rounds: 3, seconds: 4, warmUpSeconds: 4, seed: 1 },
    ...{ connections: 128, pipelined: false, rate: undefined, only: [], ratios: [] },
    cases: SESSION_CASES.map(({ name }) => ({ name, rounds, voidRounds: [] })),
    ...{ environment: readEnvironment(), commit: 'abc' },
    ...changes,
  };
  return result;
}

describe('bench:sessions', () => {
  it('sets calls over sessions against calls over HTTP', { timeout: 60_000 }, () => {
    const json = join(folder, 'result.json');
    const only = ['--only', 'http-signed-get,ws-json-get'];
    const tiny = ['--rounds', '1', '--seconds', '1', '--warm-up', '1', '--connections', '8'];
    const { status, stdout, stderr } = run([...only, ...tiny, '--rate', '200', '--json', json]);
    expect(status, stderr).toBe(0);
    const result: SessionsResult = JSON.parse(readFileSync(json, 'utf8'));
    expect(result.cases.map(({ rounds, voidRounds }) => [rounds.length, voidRounds])).toEqual([
      [1, []],
      [1, []],
    ]);
    const [signed, session] = result.cases;
    expect(signed!.rounds[0]!.cpuByThread.workers).toBeGreaterThan(0);
    expect(session!.cpuMicrosPerRequest).toBeGreaterThan(0);
    expect(session!.rounds[0]!.requestsPerSecond).toBeGreaterThan(100);
    expect(result.ratios.map(({ name }) => name)).toEqual(['ws-json-get / http-signed-get']);
    const [figures] = signed!.rounds;
    const ratio = session!.cpuMicrosPerRequest! / figures!.cpuMicrosPerRequest;
    expect(result.ratios[0]).toMatchObject({ median: ratio, count: 1 });
    expect(stdout).toContain('ws-json-get / http-signed-get');
  });

  it.each([
    [['--only', 'http3'], 'no case named http3; there are http-signed-get'],
    [['--rounds', '0'], '--rounds takes a whole number'],
    [['--fast'], "Unknown option '--fast'"],
  ])('ends with status 2 and a sentence for %j', (args, sentence) => {
    const { status, stderr } = run(args);
    expect(status).toBe(2);
    expect(stderr).toContain(sentence);
  });
});

describe('a comparison of sessions', () => {
  it('may stand in the record where it is whole, long and of one quiet commit', () => {
    expect(reasonsAgainstSessions(resultOf())).toEqual([]);
  });

  it.each([
    ['fewer than 3 rounds', resultOf({ rounds: 2 })],
    ['windows under 4 s', resultOf({ seconds: 3 })],
    ['a warm-up under 4 s', resultOf({ warmUpSeconds: 1 })],
    ['a rate of its own', resultOf({ rate: 1_000 })],
    ['a tree that is no commit', resultOf({ commit: 'abc+changes' })],
    ['a case or a round is missing or void', resultOf({ cases: [] })],
    ['others on the cores', resultOf({}, { othersShare: 0.2 })],
  ])('may not with %s', (reason, result) => {
    expect(reasonsAgainstSessions(result)).toContain(reason);
  });

  it('says which cases left their core idle, had others beside them or are void', () => {
    const text = sessionsText(resultOf({}, { coreShare: 0.5, othersShare: 0.3 }));
    expect(text).toContain('ws-json-get left its core idle in 3 of 3 rounds.');
    expect(text).toContain('ws-json-get had others on the machine in 3 of 3 rounds.');
    const voidRounds = [{ round: 1, reason: 'errors: 3 reset' }];
    const cases = [{ name: 'ws-json-get', rounds: [], voidRounds }];
    expect(sessionsText(resultOf({ cases }))).toContain(
      'VOID: ws-json-get, round 1: errors: 3 reset',
    );
  });
});
