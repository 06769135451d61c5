/** The console of a real gateway: an operator signs in, looks for a call, suspends its app. */
import { readFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDemoBank, type DemoBank } from '../../src/demo/bank/index.ts';
import { CHROMIUM } from '../support/browser-page.ts';
import { buildPageOfCheckout } from '../support/console/built-page.ts';
import { axeFindings, ConsoleBrowser } from '../support/console/console-page.ts';
import { TestGateway } from '../support/gateway.ts';
import { TestOperators } from '../support/operators.ts';
import { ACCOUNTS, PartnerTraffic } from '../support/partner-traffic.ts';

const APP = 'nebula-pay-app';
const TIMEOUT_MS = 90_000;

// Without Debian's chromium there is nothing to look with.
describe.skipIf(CHROMIUM === undefined)('the console of a gateway', { timeout: TIMEOUT_MS }, () => {
  const operators = new TestOperators({ wei: ['operator'] });
  let bank: DemoBank;
  let gateway: TestGateway;
  let partner: PartnerTraffic;
  let browser: ConsoleBrowser;
  let page: Page;
  let faults: readonly string[];
  let strayRequests: readonly string[];

  beforeAll(async () => {
    await buildPageOfCheckout();
    bank = await createDemoBank();
    gateway = await TestGateway.start({
      upstreamPort: bank.port,
      config: {
        registry: { store: 'sqlite' },
        admin: { operatorsFile: operators.file },
        fronts: { count: 2 },
      },
    });
    partner = new PartnerTraffic(gateway);
    browser = await ConsoleBrowser.start();
    const look = { language: 'en', theme: 'light' } as const;
    ({ page, faults, strayRequests } = await browser.openPage(
      { origin: gateway.adminUrl },
      '/console/#/overview',
      look,
    ));
  }, TIMEOUT_MS);

  afterAll(async () => {
    await browser?.stop();
    await partner?.close();
    await gateway?.dispose();
    await bank?.close();
    operators.dispose();
  });

  async function go(view: string): Promise<void> {
    await page.getByRole('navigation').getByRole('link', { name: view }).click();
    await page.getByRole('heading', { level: 1, name: view }).waitFor();
  }

  async function giveReason(reason: string): Promise<void> {
    const dialog = page.getByRole('dialog');
    await dialog.waitFor();
    await page.keyboard.type(reason);
    await page.keyboard.press('Enter');
    await dialog.waitFor({ state: 'detached' });
  }

  it('shows figures to everybody on loopback, and signs an operator in', async () => {
    await page.locator('.freshness.fresh').waitFor();
    await page.getByRole('link', { name: 'Sign in' }).click();
    const token = page.getByLabel('Token');
    await token.fill(readFileSync(operators.tokenFile('wei'), 'utf8'));
    await token.press('Enter');
    await page.getByText('wei', { exact: true }).waitFor();
    expect(await axeFindings(page)).toEqual([]);
  });

  it('finds a call by its id, with its stages', async () => {
    const { headers } = await partner.call(ACCOUNTS);
    const id = String(headers['x-request-id']);
    await go('Search');
    await page.getByLabel('Request id').fill(id);
    await page.keyboard.press('Enter');
    await page.getByText(APP).first().waitFor();
    expect(await axeFindings(page)).toEqual([]);
  });

  it('suspends an app, whose calls are refused, and takes it back', async () => {
    await go('Actions');
    await page.getByLabel('App id').fill(APP);
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Suspend' }).click();
    await giveReason('Its keys were published');
    const codes = async () => (await partner.call(ACCOUNTS)).code;
    await expect.poll(codes, { timeout: 10_000 }).toBe('app-inactive');
    await page.getByRole('button', { name: 'Resume' }).click();
    await giveReason('It has new ones');
    await expect.poll(codes, { timeout: 10_000 }).toBeUndefined();
  });

  it('shows every thread and pool', async () => {
    await go('Threads');
    for (const name of ['main', 'front-0', 'front-1', 'front-0-worker-0', 'front-1-worker-0']) {
      await page.getByText(name, { exact: true }).first().waitFor();
    }
    expect(await axeFindings(page)).toEqual([]);
  });

  it('advises, by the reference while few call', async () => {
    await go('Advice');
    await page.getByText(/are too few to measure by/).waitFor();
    await page.getByRole('row', { name: /^1.2 billion a day/ }).waitFor();
    expect(await axeFindings(page)).toEqual([]);
  });

  it('asks nobody else, and keeps to its policy', () => {
    expect(strayRequests).toEqual([]);
    expect(faults).toEqual([]);
  });
});
