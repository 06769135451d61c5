import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Supervisor } from '../../src/runtime/supervisor.ts';
import { eventually } from '../support/eventually.ts';

const ENTRY = new URL('fake-gateway.ts', import.meta.url);
const BACKOFF = { firstMs: 10, maxMs: 40, healthyAfterMs: 60_000 };

let dir: string;
let journal: string;
let supervisor: Supervisor;
let running: Promise<number>;
let pauses: number[];
let readies: [url: string, restarts: number][];
let onReady: () => void;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'xingyun-supervisor-'));
  journal = join(dir, 'journal');
  writeFileSync(journal, '');
  pauses = [];
  readies = [];
  onReady = () => undefined;
});
afterEach(async () => {
  supervisor.stop();
  // What it started still writes into the folder.
  await running;
  rmSync(dir, { recursive: true });
});

/** Runs a gateway that behaves at each start as the next word says. */
function supervise(script: string, healthyAfterMs = BACKOFF.healthyAfterMs): Promise<number> {
  supervisor = new Supervisor({
    entry: ENTRY,
    args: [script, journal],
    backoff: { ...BACKOFF, healthyAfterMs },
    stopMaxMs: 200,
    retireMaxMs: 300,
    replaceMaxMs: 2_500,
    onReady: ({ url }, restarts) => {
      readies.push([url, restarts]);
      onReady();
    },
    onRestart: (_, pauseMs) => pauses.push(pauseMs),
  });
  running = supervisor.run();
  return running;
}

const noted = () => readFileSync(journal, 'utf8').trim().split('\n');

describe('a gateway that hangs when it is asked to stop', () => {
  it('is killed after stopMaxMs, and that is said', async () => {
    const ended = supervise('hang');
    await eventually(() => readies.length).toBe(1);
    supervisor.stop();
    expect(await ended).toBe(1);
    expect(supervisor.failureMessage).toBe('The gateway did not end in time and was killed.');
    expect(noted()).toEqual(['started', 'drained']);
  });
});

describe('a gateway that never becomes ready', () => {
  it('is not started again, and its reason is kept', async () => {
    expect(await supervise('fail')).toBe(1);
    expect(supervisor.failureMessage).toBe('The port is taken.');
    expect([noted(), pauses]).toEqual([['started'], []]);
  });

  it('has its exit status as the reason where it said none', async () => {
    expect(await supervise('crash-silently')).toBe(1);
    expect(supervisor.failureMessage).toBe('exit status 3');
  });

  it('that ended well was asked to by somebody else', async () => {
    expect(await supervise('end')).toBe(0);
  });
});

describe('a gateway that dies', () => {
  it('is started again with growing pauses, until it stays', async () => {
    const script = [...Array(4).fill('die-when-ready'), 'serve'].join();
    onReady = () => {
      if (readies.length === 5) supervisor.stop();
    };
    expect(await supervise(script)).toBe(0);
    expect(pauses).toEqual([10, 20, 40, 40]);
    expect(readies.map(([, restarts]) => restarts)).toEqual([0, 1, 2, 3, 4]);
    expect(noted().at(-1)).toBe('drained');
  });

  it('after a healthy time is started again with the first pause', async () => {
    onReady = () => {
      if (readies.length === 4) supervisor.stop();
    };
    expect(await supervise('die-when-ready,die-when-ready,die-when-ready,serve', 0)).toBe(0);
    expect(pauses).toEqual([10, 10, 10]);
  });

  it('and cannot start any more is tried on', async () => {
    onReady = () => {
      if (readies.length === 2) supervisor.stop();
    };
    expect(await supervise('die-when-ready,fail,crash-silently,serve')).toBe(0);
    expect(pauses).toEqual([10, 20, 40]);
    expect(readies.map(([, restarts]) => restarts)).toEqual([0, 3]);
  });
});

describe('stop', () => {
  it('drains the gateway and ends with its status', async () => {
    onReady = () => supervisor.stop();
    expect(await supervise('serve')).toBe(0);
    expect(noted()).toEqual(['started', 'drained']);
    expect(await supervise('bad-drain')).toBe(7);
    expect(supervisor.failureMessage).toBe('exit status 7');
  });

  it('in a pause ends at once and starts nothing', async () => {
    const ended = supervise('die-when-ready');
    await eventually(() => pauses.length).toBeGreaterThan(2);
    while (supervisor.gatewayPid !== undefined) await new Promise(setImmediate);
    const starts = noted().length;
    supervisor.stop();
    expect(await ended).toBe(0);
    expect(noted()).toHaveLength(starts);
  });

  it('before the gateway has its handlers ends it with status 0', async () => {
    const ended = supervise('deaf');
    await eventually(noted).toContain('started');
    supervisor.stop();
    expect(await ended).toBe(0);
  });
});

describe('reload', () => {
  it('reaches a gateway that is ready', async () => {
    onReady = () => {
      if (readies.length === 1) supervisor.reload();
      else supervisor.stop();
    };
    expect(await supervise('serve')).toBe(0);
    expect(noted()).toEqual(['started', 'reloaded', 'drained']);
  });

  it('waits for a gateway that starts, which the signal would end', async () => {
    onReady = () => {
      if (readies.length === 2) supervisor.stop();
    };
    const ended = supervise('serve');
    supervisor.reload();
    expect(await ended).toBe(0);
    expect(noted()).toEqual(['started', 'reloaded', 'drained']);
  });
});

describe('a process that cannot be started at all', () => {
  it('is a failure with a sentence', async () => {
    const { execPath } = process;
    process.execPath = join(dir, 'no-such-node');
    try {
      expect(await supervise('serve')).toBe(1);
    } finally {
      process.execPath = execPath;
    }
    expect(supervisor.failureMessage).toMatch(
      /^The gateway process cannot be started: .*ENOENT\.$/,
    );
  });
});

describe('a gateway that is replaced', () => {
  async function started(script: string) {
    const ended = supervise(script);
    await eventually(() => readies.length).toBe(1);
    return { ended, before: supervisor.gatewayPid };
  }

  it('makes room, and ends when the other one is ready', async () => {
    const { before } = await started('serve');
    const outcome = await supervisor.replace();
    expect(outcome).toMatchObject({ isDone: true, pid: supervisor.gatewayPid });
    expect(supervisor.gatewayPid).not.toBe(before);
    await eventually(noted).toEqual(['started', 'started', 'yield', 'go', 'retire']);
    // Not a restart: nobody is told, and the one that serves now is the one that is asked.
    expect([readies.length, pauses]).toEqual([1, []]);
    supervisor.reload();
    await eventually(() => noted().at(-1)).toBe('reloaded');
    await eventually(async () => (await supervisor.replace()).isDone).toBe(true);
  });

  it.each([
    ['fail', 'The port is taken.', []],
    ['crash-silently', 'exit status 3', ['yield', 'go', 'resume']],
    ['deaf', 'the new gateway was not ready in time', ['yield', 'go', 'resume']],
  ])('serves as before where the other one does this: %s', async (behaviour, reason, told) => {
    const { before } = await started(`serve,${behaviour}`);
    expect(await supervisor.replace()).toEqual({ isDone: false, reason });
    expect(supervisor.gatewayPid).toBe(before);
    const resumed = told.length === 0 ? ['resume'] : told;
    await eventually(noted).toEqual(['started', 'started', ...resumed]);
    supervisor.reload();
    await eventually(() => noted().at(-1)).toBe('reloaded');
  });

  it('may say that it cannot be', async () => {
    const { before } = await started('no-yield,serve');
    expect(await supervisor.replace()).toEqual({ isDone: false, reason: 'not now' });
    expect(supervisor.gatewayPid).toBe(before);
  });

  it('that dies meanwhile leaves its place to the other one', async () => {
    const { before } = await started('die-yielding,serve');
    expect((await supervisor.replace()).isDone).toBe(true);
    expect(supervisor.gatewayPid).not.toBe(before);
    expect(pauses).toEqual([0]);
  });

  it('is replaced once at a time, and not while it still has connections', async () => {
    await started('linger,serve');
    const [first, second] = await Promise.all([supervisor.replace(), supervisor.replace()]);
    expect(first.isDone).toBe(true);
    expect(second).toEqual({ isDone: false, reason: 'another one is being started already' });
    expect(await supervisor.replace()).toMatchObject({ isDone: false });
    // It is killed when its time is over.
    await eventually(async () => (await supervisor.replace()).isDone).toBe(true);
  });

  it('is stopped with the other one', async () => {
    const { ended } = await started('never-yield,serve');
    const replaced = supervisor.replace();
    await eventually(() => noted().at(-1)).toBe('yield');
    supervisor.stop();
    expect(await replaced).toEqual({ isDone: false, reason: 'the supervisor was stopped' });
    expect(await ended).toBe(0);
    expect((await supervisor.replace()).isDone).toBe(false);
  });
});
