/** What every driver of idempotency keys is held to. */
import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  DIGEST_BYTES,
  type DriverBatch,
  type FoundClaim,
  type IdempotencyDriver,
  type RetentionOptions,
} from '../../src/stores/idempotency-contract.ts';
import { SettableClock } from './settable-clock.ts';

export type OpenDriver = (
  clock: SettableClock,
  options: RetentionOptions,
) => IdempotencyDriver | Promise<IdempotencyDriver>;

const RETENTION_MS = 3_600_000;
const KEYS_MAX = 1_000;
const NOTHING: DriverBatch = { claims: [], keeps: [], releases: [], losses: [] };

export const aDigest = () => new Uint8Array(randomBytes(DIGEST_BYTES));

/** @param open the same database each time within one test */
export function idempotencyDriverSuite(name: string, open: OpenDriver): void {
  let clock: SettableClock;
  let driver: IdempotencyDriver;
  const opened: IdempotencyDriver[] = [];

  const openOne = async (keysMax = KEYS_MAX) => {
    const one = await open(clock, { retentionMs: RETENTION_MS, keysMax });
    opened.push(one);
    return one;
  };

  const run = async (batch: Partial<DriverBatch>) => driver.run({ ...NOTHING, ...batch });
  const claim = async (key: Uint8Array, call: Uint8Array): Promise<FoundClaim> =>
    (await run({ claims: [{ key, call }] }))[0]!;
  const grant = async (key: Uint8Array, call: Uint8Array): Promise<number> => {
    const found = await claim(key, call);
    if (found.kind !== 'granted') throw new Error(`not granted: ${found.kind}`);
    return found.claim;
  };
  const keep = (of: number, body = new Uint8Array([1, 2])) =>
    run({ keeps: [{ claim: of, status: 201, headers: ['location', '/é'], body }] });

  describe(`idempotency keys in ${name}`, () => {
    beforeEach(async () => {
      clock = new SettableClock();
      driver = await openOne();
    });
    afterEach(async () => {
      for (const one of opened.splice(0)) await one.close();
    });

    it('are granted once, and then known', async () => {
      const [key, call] = [aDigest(), aDigest()];
      const first = await grant(key, call);
      expect(await claim(key, call)).toEqual({ kind: 'unanswered', claim: first, by: 'self' });
      expect(await claim(key, aDigest())).toEqual({ kind: 'other-call' });
      await keep(first);
      const found = await claim(key, call);
      expect(found).toMatchObject({ kind: 'answered' });
      const { answer } = found as Extract<FoundClaim, { kind: 'answered' }>;
      expect([answer.status, answer.headers]).toEqual([201, ['location', '/é']]);
      expect([...answer.body]).toEqual([1, 2]);
      expect(await claim(key, aDigest())).toEqual({ kind: 'other-call' });
    });

    it('see what came before them in their batch', async () => {
      const [key, call, again] = [aDigest(), aDigest(), aDigest()];
      const held = await grant(again, call);
      const claims = [
        { key, call },
        { key, call },
        { key, call: aDigest() },
        { key: again, call },
      ];
      const found = await run({ claims, releases: [held] });
      expect(found.map(({ kind }) => kind)).toEqual([
        'granted',
        'unanswered',
        'other-call',
        'granted',
      ]);
    });

    it('with an answer that is too large say its status', async () => {
      const [key, call] = [aDigest(), aDigest()];
      const of = await grant(key, call);
      await run({ keeps: [{ claim: of, status: 201, headers: [], body: undefined }] });
      expect(await claim(key, call)).toEqual({ kind: 'not-kept', status: 201 });
    });

    it('keep an empty answer and one of a megabyte', async () => {
      for (const body of [new Uint8Array(0), new Uint8Array(randomBytes(1_048_576))]) {
        const [key, call] = [aDigest(), aDigest()];
        await keep(await grant(key, call), body);
        const found = (await claim(key, call)) as Extract<FoundClaim, { kind: 'answered' }>;
        expect(Buffer.compare(found.answer.body, body)).toBe(0);
      }
    });

    it('that are released are free, answered ones are not', async () => {
      const [key, call] = [aDigest(), aDigest()];
      const first = await grant(key, call);
      await run({ releases: [first] });
      const second = await grant(key, call);
      expect(second).not.toBe(first);
      await keep(second);
      await run({ releases: [second, first, 1_000_000] });
      expect((await claim(key, call)).kind).toBe('answered');
      // The first answer stays, and one for a claim that is gone is nothing.
      await run({ keeps: [{ claim: second, status: 500, headers: [], body: undefined }] });
      await keep(first);
      expect((await claim(key, call)).kind).toBe('answered');
    });

    it('outlive their process, and tell whether it is there', async () => {
      const [kept, left, call] = [aDigest(), aDigest(), aDigest()];
      await keep(await grant(kept, call));
      const open = await grant(left, call);
      const before = driver;
      driver = await openOne();
      expect(await claim(left, call)).toEqual({ kind: 'unanswered', claim: open, by: 'other' });
      await before.close();
      opened.splice(opened.indexOf(before), 1);
      expect(await claim(left, call)).toEqual({ kind: 'unanswered', claim: open, by: 'gone' });
      expect((await claim(kept, call)).kind).toBe('answered');
      // It was somebody's who lives on, as where the thread of the store was another one.
      await keep(open);
      expect((await claim(left, call)).kind).toBe('answered');
    });

    it('whose outcome is lost are nobody’s, and may still be answered', async () => {
      const [key, call] = [aDigest(), aDigest()];
      const lost = await grant(key, call);
      await run({ losses: [lost] });
      const other = await openOne();
      const unanswered = { kind: 'unanswered', claim: lost, by: 'gone' };
      expect(await claim(key, call)).toEqual(unanswered);
      expect(await other.run({ ...NOTHING, claims: [{ key, call }] })).toEqual([unanswered]);
      await keep(lost);
      await run({ losses: [lost] });
      expect((await claim(key, call)).kind).toBe('answered');
    });

    it('are forgotten when they are old, and no earlier', async () => {
      const [old, young, call] = [aDigest(), aDigest(), aDigest()];
      const first = await grant(old, call);
      await keep(first);
      clock.pass(RETENTION_MS / 2);
      await grant(young, call);
      clock.pass(RETENTION_MS / 2);
      expect(await driver.forget()).toBe(false);
      expect((await claim(old, call)).kind).toBe('answered');
      clock.pass(1);
      await driver.forget();
      expect(await grant(old, call)).toBeGreaterThan(first);
      expect((await claim(young, call)).kind).toBe('unanswered');
    });

    it('do not grow old where the host’s clock is set', async () => {
      const [key, call] = [aDigest(), aDigest()];
      await keep(await grant(key, call));
      clock.setWall(clock.wallMs() + RETENTION_MS * 10);
      await driver.forget();
      expect((await claim(key, call)).kind).toBe('answered');
    });

    it('are no more than so many; those that go make room', async () => {
      const call = aDigest();
      const key = aDigest();
      const first = await grant(key, call);
      const claims = Array.from({ length: KEYS_MAX }, () => ({ key: aDigest(), call }));
      const found = await run({ claims });
      expect(found.filter(({ kind }) => kind === 'granted').length).toBe(KEYS_MAX - 1);
      expect(found.at(-1)).toEqual({ kind: 'full' });
      expect((await claim(key, call)).kind).toBe('unanswered');
      await run({ releases: [first] });
      await grant(aDigest(), call);
      expect(await claim(aDigest(), call)).toEqual({ kind: 'full' });
      clock.pass(RETENTION_MS + 1);
      while (await driver.forget());
      await grant(aDigest(), call);
    });
  });
}
