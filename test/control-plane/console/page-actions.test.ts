import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { CHROMIUM } from '../../support/browser-page.ts';
import {
  axeFindings,
  ConsoleBrowser,
  focused,
  type Look,
} from '../../support/console/console-page.ts';
import type { MockGateway } from '../../support/console/mock-gateway.ts';

const LOOK: Look = { language: 'en', theme: 'light' };

/** The figures after a change are there 12 s later. */
const TIMEOUT_MS = 60_000;

/** By how much what is shown is wider than the window, in CSS pixels. */
const widerThanWindow = (page: Page) =>
  page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth');

async function fillReason(page: Page, reason: string): Promise<void> {
  const dialog = page.getByRole('dialog');
  await dialog.waitFor();
  await page.keyboard.type(reason);
  await page.keyboard.press('Enter');
  await dialog.waitFor({ state: 'detached' });
}

// Without Debian's chromium there is nothing to look with.
describe.skipIf(CHROMIUM === undefined)(
  'the actions of the console',
  { timeout: TIMEOUT_MS },
  () => {
    let browser: ConsoleBrowser;
    let gateway: MockGateway;
    beforeAll(async () => {
      browser = await ConsoleBrowser.start();
    });
    afterEach(() => browser.closePages());
    afterAll(() => browser?.stop());

    const open = async (look: Look = LOOK, roles?: readonly string[]) => {
      gateway = await browser.startGateway('signed-in', roles);
      return browser.openPage(gateway, '/console/#/actions', look);
    };

    it('changes the pool with a reason, shows before and after, and reverts', async () => {
      const { page, faults } = await open();
      await page.getByLabel(/Workers per front/).fill('2');
      await page.getByRole('button', { name: 'Review changes' }).click();
      expect(await axeFindings(page)).toEqual([]);
      await fillReason(page, 'The queue grows');
      expect(gateway.changes).toEqual([
        { asked: 'PATCH /v1/tuning {"workersPerFront":2}', reason: 'The queue grows' },
      ]);
      await page.getByRole('columnheader', { name: '10 s before' }).waitFor();
      await page
        .getByText(/^\d+ s of 10 s$/)
        .first()
        .waitFor();
      await page
        .getByText(/^\d+ s of 10 s$/)
        .first()
        .waitFor({ state: 'detached' });
      expect(await axeFindings(page)).toEqual([]);
      await page.getByRole('button', { name: 'Revert: Change the worker pool' }).click();
      await fillReason(page, 'Not needed any more');
      expect(gateway.tuning.settings.workersPerFront).toBe(1);
      await page.getByText('Reverted', { exact: true }).waitFor();
      expect(faults).toEqual([]);
    });

    it('makes no change that was cancelled, and goes back to where one was', async () => {
      const { page } = await open();
      const drain = page.getByRole('button', { name: 'Drain front 0' });
      await drain.focus();
      await page.keyboard.press('Enter');
      await page.getByRole('dialog').waitFor();
      await page.keyboard.press('Escape');
      await page.getByRole('dialog').waitFor({ state: 'detached' });
      expect(await focused(page)).toBe('Drain front 0');
      expect(gateway.changes).toEqual([]);
    });

    it('suspends an app at the version that was read', async () => {
      const { page } = await open();
      await page.getByLabel('App id').fill('merchant-hub');
      await page.keyboard.press('Enter');
      await page.getByRole('button', { name: 'Suspend' }).click();
      await fillReason(page, 'Keys were published');
      await page.getByText('Suspended', { exact: true }).first().waitFor();
      const asked = 'PATCH /v1/apps/merchant-hub suspended';
      expect(gateway.changes).toEqual([{ asked, reason: 'Keys were published' }]);
    });

    it('drains a front, opens a circuit and blocks a source', async () => {
      const { page } = await open();
      await page.getByRole('button', { name: 'Drain front 1' }).click();
      await fillReason(page, 'one');
      await page.getByRole('button', { name: 'Undrain front 1' }).waitFor();
      const circuit = page.getByRole('group', { name: 'Circuit of core-banking' });
      await circuit.getByRole('button', { name: 'Open' }).click();
      await fillReason(page, 'two');
      await page.getByLabel('Source (IP or CIDR)').fill('2001:db8::/32');
      await page.keyboard.press('Enter');
      await fillReason(page, 'three');
      await page.getByRole('button', { name: 'Unblock 2001:db8::/32' }).waitFor();
      expect(gateway.changes.map(({ asked }) => asked)).toEqual([
        'POST /v1/fronts/1/drain',
        'POST /v1/upstreams/core-banking/circuit open 60000',
        'POST /v1/blocked-sources 2001:db8::/32',
      ]);
    });

    it('goes to what a change did, and says where nothing is known of it', async () => {
      const { page } = await open();
      await page.getByRole('button', { name: 'Drain front 1' }).click();
      await fillReason(page, 'one');
      await expect.poll(() => focused(page)).toBe('Changes and their effect');
      await page.getByRole('button', { name: 'Drain front 0' }).click();
      await gateway.stop();
      await page.keyboard.type('two');
      await page.keyboard.press('Enter');
      await page.getByText(/whether the change was made is not known/).waitFor();
      expect(await page.getByLabel(/Workers per front/).count()).toBe(1);
    });

    it('offers no way back from what changed nothing', async () => {
      const { page } = await open();
      const circuit = page.getByRole('group', { name: 'Circuit of partner-callbacks' });
      await page.getByLabel('Opened for').selectOption('10');
      await circuit.getByRole('button', { name: 'Open' }).click();
      await fillReason(page, 'longer');
      await page.getByRole('heading', { name: 'Circuit of partner-callbacks: Open' }).waitFor();
      expect(await page.getByRole('button', { name: /^Revert/ }).count()).toBe(0);
      const closed = page.getByRole('group', { name: 'Circuit of core-banking' });
      expect(await closed.getByRole('button', { name: 'Close' }).isDisabled()).toBe(true);
      expect(gateway.changes.map(({ asked }) => asked)).toEqual([
        'POST /v1/upstreams/partner-callbacks/circuit open 600000',
      ]);
    });

    it('changes where one kind runs, and leaves the others where they are', async () => {
      const { page } = await open();
      await page.getByLabel('Placement: hmac-sha256').selectOption('pool');
      await page.getByRole('button', { name: 'Review changes' }).click();
      await fillReason(page, 'Measure it');
      expect(gateway.tuning.settings.placements).toEqual({ sm2: 'pool', 'hmac-sha256': 'pool' });
      await page.getByRole('button', { name: /^Revert/ }).click();
      await fillReason(page, 'Measured');
      expect(gateway.tuning.settings.placements).toEqual({ sm2: 'pool' });
    });

    it('approves what somebody else has asked for', async () => {
      const { page } = await open({ ...LOOK, width: 390, height: 844 });
      const own = page.getByRole('listitem').filter({ hasText: 'Yours' });
      await own.waitFor();
      const approve = { name: 'Approve key.create' };
      expect(await own.getByRole('button', approve).isDisabled()).toBe(true);
      const other = page.getByRole('listitem').filter({ hasText: 'chen.yu' });
      await other.getByText('Writes key merchant-hub-2027').click();
      await other.getByText('"algorithm": "ed25519"').waitFor();
      expect(await widerThanWindow(page)).toBe(0);
      expect(await axeFindings(page)).toEqual([]);
      await other.getByRole('button', approve).click();
      await fillReason(page, 'Compared with the fax');
      await other.waitFor({ state: 'detached' });
      expect(gateway.changes.map(({ asked }) => asked)).toEqual([
        'POST /v1/approvals/apr-1/approve',
      ]);
    });

    it('lets a viewer look and says why nothing can be changed', async () => {
      const { page } = await open(LOOK, ['viewer']);
      await page.getByText('you can look, and change nothing').waitFor();
      await page.getByRole('button', { name: 'Drain front 0' }).waitFor();
      await page.getByLabel('App id').fill('merchant-hub');
      await page.keyboard.press('Enter');
      await page.getByRole('button', { name: 'Suspend' }).waitFor();
      const names = ['Drain front 0', 'Suspend', 'Block', 'Review changes', 'Approve key.create'];
      for (const name of names) {
        const button = page.getByRole('button', { name, exact: true }).first();
        expect(await button.isDisabled(), name).toBe(true);
      }
      expect(await axeFindings(page)).toEqual([]);
    });
  },
);
