/** An operator turns the pool of a gateway under load, in a browser. */
import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runLoad } from '../../../bench/load/run-load.ts';
import type { BenchGateway } from '../../../bench/rig/bench-gateway.ts';
import { createDemoBank } from '../../../src/demo/bank/index.ts';
import { CHROMIUM } from '../../support/browser-page.ts';
import { buildPageOfCheckout } from '../../support/console/built-page.ts';
import { ConsoleBrowser } from '../../support/console/console-page.ts';
import { TestGateway } from '../../support/gateway.ts';
import { TestOperators } from '../../support/operators.ts';
import { ACCOUNTS, PartnerTraffic } from '../../support/partner-traffic.ts';

const RATE = 4_000;
const SECONDS = 32;
/** Calls that come at once: with one worker each waits for those before it. */
const BURST = 8;
const BURST_EVERY_MS = 50;
/** What an effect is measured over, and a little. */
const BEFORE_MS = 11_000;

// Without Debian's chromium there is nothing to look with.
describe.skipIf(CHROMIUM === undefined)(
  'workers from 1 to 2 and back',
  { timeout: 180_000 },
  () => {
    const operators = new TestOperators({ wei: ['operator'] });
    let browser: ConsoleBrowser;

    beforeAll(async () => {
      await buildPageOfCheckout();
      browser = await ConsoleBrowser.start();
    });
    afterAll(async () => {
      await browser?.stop();
      operators.dispose();
    });

    async function signIn(origin: string) {
      const look = { language: 'en', theme: 'light' } as const;
      const { page, faults } = await browser.openPage({ origin }, '/console/#/actions', look);
      await page.getByRole('link', { name: 'Sign in' }).click();
      await page.getByLabel('Token').fill(readFileSync(operators.tokenFile('wei'), 'utf8'));
      await page.keyboard.press('Enter');
      await page.getByLabel(/Workers per front/).waitFor();
      return { page, faults };
    }

    async function giveReason(page: Page, reason: string) {
      await page.getByRole('dialog').waitFor();
      await page.keyboard.type(reason);
      await page.keyboard.press('Enter');
      await page.getByRole('dialog').waitFor({ state: 'detached' });
    }

    async function workers(origin: string) {
      const answer = await operators.ask('wei', `${origin}/v1/tuning`);
      return answer.body.settings.workersPerFront;
    }

    /** Until the ten seconds behind it are over; ms in the queue before and after. */
    async function addWorker(page: Page): Promise<readonly number[]> {
      await page.getByLabel(/Workers per front/).fill('2');
      await page.getByRole('button', { name: 'Review changes' }).click();
      await giveReason(page, 'The evening peak');
      await page.getByRole('columnheader', { name: '10 s before' }).waitFor();
      const collecting = page.getByText(/^\d+ s of 10 s$/).first();
      await collecting.waitFor();
      await collecting.waitFor({ state: 'detached', timeout: 30_000 });
      const cells = page.getByRole('row', { name: 'Mean wait in the queue' }).first();
      const texts = await cells.getByRole('cell').allInnerTexts();
      return texts.slice(0, 2).map(text => Number.parseFloat(text));
    }

    async function revert(page: Page) {
      await page.getByRole('button', { name: 'Revert: Change the worker pool' }).click();
      await giveReason(page, 'The peak is over');
    }

    it('cost no call of 4,000 a second', async () => {
      const beside = async (gateway: BenchGateway, { fromMs }: { fromMs: number }) => {
        await pause(Math.max(0, fromMs - performance.now()));
        const origin = gateway.adminUrl;
        const { page, faults } = await signIn(origin);
        await addWorker(page);
        expect(await workers(origin)).toBe(2);
        await revert(page);
        expect(await workers(origin)).toBe(1);
        expect(faults).toEqual([]);
      };
      const { result } = await runLoad(
        {
          ...{ rate: RATE, connections: 500, scheme: 'rfc9421-rsa', method: 'POST' },
          ...{ bodyBytes: 600, seed: 1, generators: 1, fronts: 1, workers: 1 },
          ...{ durationSeconds: SECONDS, warmUpSeconds: 3 },
        },
        // Browser and callers take most of two cores: calls shall wait for them, not be refused.
        {
          beside,
          config: { admin: { operatorsFile: operators.file }, overload: { delayTargetMs: 0 } },
        },
      );
      expect(result.errors).toEqual({});
      expect(result.answered).toBe(result.requests);
    });

    /** Of SM2, each 0.7 ms: on two cores checks of RSA wait for a core and not for a worker. */
    it('shorten the time in the queue, as the page shows', async () => {
      await using bank = disposable(await createDemoBank(), demo => demo.close());
      const config = { admin: { operatorsFile: operators.file } };
      const upstreamPort = bank.value.port;
      await using gateway = disposable(await TestGateway.start({ upstreamPort, config }), it => {
        return it.dispose();
      });
      const keyId = 'huatong-supply-sm2';
      const partner = new PartnerTraffic(gateway.value, { keyId, connections: BURST });
      const { page } = await signIn(gateway.value.adminUrl);
      const stopping = new AbortController();
      const calling = callInBursts(partner, stopping.signal);
      await pause(BEFORE_MS);
      const [beforeMs, afterMs] = await addWorker(page);
      stopping.abort();
      expect([...new Set(await calling)]).toEqual([200]);
      await partner.close();
      expect(afterMs).toBeLessThan(beforeMs!);
    });
  },
);

async function callInBursts(partner: PartnerTraffic, signal: AbortSignal): Promise<number[]> {
  const statuses: number[] = [];
  while (!signal.aborted) {
    const calls = Array.from({ length: BURST }, () => partner.sign(ACCOUNTS));
    const answers = await Promise.all(calls.map(call => partner.send(call)));
    statuses.push(...answers.map(({ status }) => status));
    await pause(BURST_EVERY_MS);
  }
  return statuses;
}

function disposable<T>(value: T, end: (value: T) => Promise<unknown>) {
  return { value, [Symbol.asyncDispose]: async () => void (await end(value)) };
}
