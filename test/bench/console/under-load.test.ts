/** An operator turns the pool of a gateway under 4,000 calls a second, in a browser. */
import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { runLoad } from '../../../bench/load/run-load.ts';
import type { BenchGateway } from '../../../bench/rig/bench-gateway.ts';
import { CHROMIUM } from '../../support/browser-page.ts';
import { buildPageOfCheckout } from '../../support/console/built-page.ts';
import { ConsoleBrowser } from '../../support/console/console-page.ts';
import { TestOperators } from '../../support/operators.ts';

const RATE = 4_000;
const SECONDS = 32;

// Without Debian's chromium there is nothing to look with.
it.skipIf(CHROMIUM === undefined)(
  'changes the workers from 1 to 2 and back, with its effect shown, and no call fails',
  { timeout: 180_000 },
  async () => {
    await buildPageOfCheckout();
    const operators = new TestOperators({ wei: ['operator'] });
    const browser = await ConsoleBrowser.start();
    const beside = async (gateway: BenchGateway, { fromMs }: { fromMs: number }) => {
      await pause(Math.max(0, fromMs - performance.now()));
      const look = { language: 'en', theme: 'light' } as const;
      const origin = gateway.adminUrl;
      const { page, faults } = await browser.openPage({ origin }, '/console/#/actions', look);
      const giveReason = async (reason: string) => {
        await page.getByRole('dialog').waitFor();
        await page.keyboard.type(reason);
        await page.keyboard.press('Enter');
        await page.getByRole('dialog').waitFor({ state: 'detached' });
      };
      const workers = async () => {
        const answer = await operators.ask('wei', `${origin}/v1/tuning`);
        return answer.body.settings.workersPerFront;
      };
      await page.getByRole('link', { name: 'Sign in' }).click();
      await page.getByLabel('Token').fill(readFileSync(operators.tokenFile('wei'), 'utf8'));
      await page.keyboard.press('Enter');
      await page.getByLabel(/Workers per front/).fill('2');
      await page.getByRole('button', { name: 'Review changes' }).click();
      await giveReason('The evening peak');
      expect(await workers()).toBe(2);
      await page.getByRole('columnheader', { name: '10 s before' }).waitFor();
      const collecting = page.getByText(/^\d+ s of 10 s$/).first();
      await collecting.waitFor();
      await collecting.waitFor({ state: 'detached', timeout: 30_000 });
      await page.getByText('Mean wait in the queue').waitFor();
      await page.getByRole('button', { name: 'Revert: Change the worker pool' }).click();
      await giveReason('The peak is over');
      expect(await workers()).toBe(1);
      expect(faults).toEqual([]);
    };
    try {
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
    } finally {
      await browser.stop();
      operators.dispose();
    }
  },
);
