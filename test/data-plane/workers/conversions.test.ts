import { randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { describe, expect, it, vi } from 'vitest';
import {
  type Conversion,
  type ConversionOutcome,
  programEntry,
} from '../../../src/core/conversion.ts';
import { CounterSet } from '../../../src/core/counters.ts';
import { COPIED_MAX_BYTES } from '../../../src/data-plane/workers/conversion-codec.ts';
import { createCheckPool } from '../../../src/data-plane/workers/index.ts';
import { KnownPrograms, PROGRAMS_MAX } from '../../../src/data-plane/workers/programs.ts';
import { requestTask } from '../../../src/payload/payload-task.ts';
import { compileSchema } from '../../../src/payload/schema/compile-schema.ts';
import { poolConfig } from './pool-config.ts';
import { signedCheck, signerFor, TestCheck } from './signed-checks.ts';

/** Starting threads is slow on a busy host. */
vi.setConfig({ testTimeout: 30_000 });

const TERMS = { format: 'json', codings: [], bytesMax: 10_000_000 } as const;
const TASK = requestTask(TERMS);
const PROGRAM = programEntry(
  JSON.stringify({
    kind: 'payload',
    request: { validator: compileSchema({ type: 'object', required: ['id'] }) },
  }),
);

type Settlement = readonly [ConversionOutcome, readonly string[], string];

class TestConversion implements Conversion {
  readonly program: Conversion['program'];
  readonly task: string = TASK;
  readonly lane: string;
  readonly input: Uint8Array;
  readonly inputBytes: number;
  abandoned = false;
  waitMs = 0;
  serviceMs = 0;
  readonly settlements: Settlement[] = [];
  private readonly ended = Promise.withResolvers<Settlement>();

  constructor(input: string | Uint8Array, program = PROGRAM, lane = 'app') {
    this.input = typeof input === 'string' ? new Uint8Array(Buffer.from(input)) : input;
    this.inputBytes = this.input.length;
    this.program = program;
    this.lane = lane;
  }

  get settled(): Promise<Settlement> {
    return this.ended.promise;
  }

  settle(outcome: ConversionOutcome, fields: readonly string[], output: Uint8Array): void {
    this.settlements.push([outcome, fields, Buffer.from(output).toString()]);
    this.ended.resolve(this.settlements[0]!);
  }
}

async function startPool(overrides: Parameters<typeof poolConfig>[0] = {}) {
  const counters = new CounterSet();
  const config = poolConfig({ placement: 'pool', ...overrides });
  const pool = createCheckPool({ config, counters });
  await pool.ready();
  return { pool, counters, [Symbol.asyncDispose]: () => pool.close() };
}

const bodyOf = (id: number, length = 0) => JSON.stringify({ id, text: 'x'.repeat(length) });

describe('conversions', () => {
  it('come back with their bytes, or with the places that are at fault', async () => {
    await using running = await startPool();
    const good = new TestConversion(bodyOf(1));
    const bad = new TestConversion('{}');
    for (const each of [good, bad]) running.pool.convert(each);
    expect(await good.settled).toEqual(['converted', [], bodyOf(1)]);
    expect(await bad.settled).toEqual(['refused', ['invalid', '/id', 'is missing'], '']);
    expect(good.serviceMs).toBeGreaterThan(0);
    expect(running.counters.get('conversions_pooled')).toBe(2);
  });

  it('share batches with checks, each with its own result', async () => {
    await using running = await startPool({ count: 2 });
    const template = signedCheck(signerFor('ed25519'), 'app');
    const jobs = Array.from({ length: 600 }, (_, i) => {
      if (i % 3 > 0) return new TestConversion(bodyOf(i, i * 10), PROGRAM, `app-${i % 5}`);
      const { entry, base, signature } = template;
      return new TestCheck(entry, { base: i % 2 === 0 ? base : 'forged', signature });
    });
    for (const job of jobs) {
      if (job instanceof TestConversion) running.pool.convert(job);
      else running.pool.submit(job);
    }
    await running.pool.drain();
    for (const [i, job] of jobs.entries()) {
      if (job instanceof TestConversion) {
        expect(job.settlements).toEqual([['converted', [], bodyOf(i, i * 10)]]);
      } else {
        expect(job.outcomes).toEqual([i % 2 === 0 ? 'valid' : 'signature-invalid']);
      }
    }
    expect(running.pool.stats().batches).toBeLessThan(400);
  });

  it('move a long input to the worker, and copy one that shares its buffer', async () => {
    await using running = await startPool();
    const text = bodyOf(1, COPIED_MAX_BYTES);
    const alone = new TestConversion(text);
    const shared = Buffer.from(`xx${text}`).subarray(2);
    const copied = new TestConversion(shared);
    for (const each of [alone, copied]) running.pool.convert(each);
    expect((await alone.settled)[2]).toBe(text);
    expect((await copied.settled)[2]).toBe(text);
    expect([alone.input.length, copied.input.length]).toEqual([0, text.length]);
  });

  it('fail alone where their program cannot be compiled or throws', async () => {
    await using running = await startPool();
    const broken = new TestConversion('{}', programEntry('{"kind":"broken"}'));
    const good = new TestConversion(bodyOf(2));
    for (const each of [broken, good]) running.pool.convert(each);
    expect((await broken.settled)[0]).toBe('failed');
    expect((await good.settled)[0]).toBe('converted');
  });

  it('run on the front thread where there are no workers', async () => {
    await using inline = await startPool({ placement: 'inline' });
    const good = new TestConversion(bodyOf(1, COPIED_MAX_BYTES));
    inline.pool.convert(good);
    // Nothing to wait for: it is settled before the submission returns.
    expect(good.settlements).toHaveLength(1);
    expect(inline.counters.get('conversions_inline')).toBe(1);
  });

  it('are refused beyond the queue, and by a pool that is closed', async () => {
    const running = await startPool({ queueMax: 4 });
    const all = Array.from({ length: 200 }, (_, i) => new TestConversion(bodyOf(i)));
    for (const each of all) running.pool.convert(each);
    await running.pool.drain();
    const outcomes = new Set(all.map(({ settlements }) => settlements[0]![0]));
    expect(outcomes).toEqual(new Set(['converted', 'saturated']));
    expect(all.every(({ settlements }) => settlements.length === 1)).toBe(true);
    await running.pool.close();
    const late = new TestConversion(bodyOf(1));
    running.pool.convert(late);
    expect((await late.settled)[0]).toBe('saturated');
  });

  it('survive the loss of their worker where their input is still here', async () => {
    await using running = await startPool({ batchTimeoutMs: 300 });
    const endless = programEntry(
      JSON.stringify({ kind: 'payload', request: { validator: { first: 'for(;;);', all: '' } } }),
    );
    const hanging = new TestConversion('{}', endless, 'one');
    const small = new TestConversion(bodyOf(1), PROGRAM, 'two');
    const large = new TestConversion(bodyOf(2, 2 * COPIED_MAX_BYTES), PROGRAM, 'three');
    for (const each of [hanging, small, large]) running.pool.convert(each);
    expect((await hanging.settled)[0]).toBe('failed');
    expect((await small.settled)[0]).toBe('converted');
    // In the batch that was lost its bytes were lost with it; in the next they were not.
    const [outcome] = await large.settled;
    expect(['failed', 'converted']).toContain(outcome);
    const lost = outcome === 'failed' ? 1 : 0;
    expect(running.counters.get('conversions_input_lost')).toBe(lost);
    expect(running.counters.get('verify_items_poisoned')).toBe(1);
    const after = new TestConversion(bodyOf(3));
    running.pool.convert(after);
    expect((await after.settled)[0]).toBe('converted');
  });

  it('fail once, counted, where their input was with the worker that was lost', async () => {
    await using running = await startPool({ batchTimeoutMs: 300 });
    const endless = programEntry(
      JSON.stringify({ kind: 'payload', request: { validator: { first: 'for(;;);', all: '' } } }),
    );
    const hanging = new TestConversion(bodyOf(1, 2 * COPIED_MAX_BYTES), endless, 'one');
    running.pool.convert(hanging);
    expect((await hanging.settled)[0]).toBe('failed');
    expect(running.counters.get('conversions_input_lost')).toBe(1);
    expect(running.counters.get('verify_items_poisoned')).toBe(0);
    expect(running.counters.get('verify_batches_retried')).toBe(0);
  });

  it('that take long and are refused do not hold up those of others', async () => {
    const EACH_MS = 50;
    const endless = programEntry(
      JSON.stringify({
        kind: 'payload',
        request: {
          expression: {
            text: '($f := function($n) { $f($n + 1) }; $f(1))',
            timeoutMs: EACH_MS,
          },
        },
      }),
    );
    await using running = await startPool({ count: 1 });
    const slow = Array.from({ length: 60 }, () => new TestConversion('{}', endless, 'one'));
    for (const each of slow) running.pool.convert(each);
    await slow[0]!.settled;
    const other = new TestConversion(bodyOf(1), PROGRAM, 'two');
    running.pool.convert(other);
    expect((await other.settled)[0]).toBe('converted');
    // A batch that was on its way, and perhaps the next: not dozens of them.
    expect(slow.filter(({ settlements }) => settlements.length > 0).length).toBeLessThan(12);
    for (const each of slow) each.abandoned = true;
  });

  it('tell the first fault alone of a body that is long without its coding', async () => {
    await using running = await startPool();
    const lines = Array.from({ length: 20_000 }, () => ({}));
    const text = JSON.stringify({ lines, noise: randomBytes(2_000).toString('base64') });
    const strict = programEntry(
      JSON.stringify({
        kind: 'payload',
        request: {
          validator: compileSchema({
            type: 'object',
            properties: { lines: { type: 'array', items: { type: 'object', required: ['a'] } } },
          }),
        },
      }),
    );
    const coded = new TestConversion(gzipSync(text), strict);
    expect(coded.input.length).toBeLessThan(16_384);
    Object.assign(coded, { task: requestTask({ ...TERMS, codings: ['gzip'] }) });
    running.pool.convert(coded);
    expect(await coded.settled).toEqual(['refused', ['invalid', '/lines/0/a', 'is missing'], '']);
  });

  it('give back random bytes of any length whole, whatever else is in the batch', async () => {
    await using running = await startPool({ count: 2 });
    const lengths = [0, 1, 3, 4, 5, 1_000, COPIED_MAX_BYTES - 20, COPIED_MAX_BYTES, 300_000];
    const texts = lengths.map(length =>
      JSON.stringify({ id: randomBytes(length).toString('hex') }),
    );
    const all = texts.map(text => new TestConversion(text));
    for (const each of all) running.pool.convert(each);
    const outputs = await Promise.all(all.map(({ settled }) => settled));
    expect(outputs.map(([, , output]) => output)).toEqual(texts);
  });
});

describe('the programs that a worker has', () => {
  it('are sent once, and those that were not used for longest are forgotten', () => {
    const known = new KnownPrograms();
    const programs = Array.from({ length: PROGRAMS_MAX }, () => programEntry('{}'));
    expect(known.use(programs).added).toHaveLength(PROGRAMS_MAX);
    expect(known.use([programs[0]!])).toEqual({ added: [], dropped: [] });
    const another = programEntry('{}');
    expect(known.use([another])).toEqual({ added: [another], dropped: [programs[1]!.serial] });
    expect(known.use([programs[1]!]).added).toEqual([programs[1]]);
  });
});
