import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { CHROMIUM } from '../../support/browser-page.ts';
import { QUIET } from '../../support/console/advice.ts';
import { axeFindings, ConsoleBrowser, type Look } from '../../support/console/console-page.ts';
import { type MockGateway, OPERATOR_TOKEN } from '../../support/console/mock-gateway.ts';

const LOOK: Look = { language: 'en', theme: 'light' };

/** The figures after a change are there 12 s later. */
const TIMEOUT_MS = 60_000;

/** Text of what has the focus, or its name. */
const focused = (page: Page) =>
  page.evaluate('document.activeElement.ariaLabel ?? document.activeElement.textContent');

async function fillReason(page: Page, reason: string): Promise<void> {
  const dialog = page.getByRole('dialog');
  await dialog.waitFor();
  await page.keyboard.type(reason);
  await page.keyboard.press('Enter');
  await dialog.waitFor({ state: 'detached' });
}

// Without Debian's chromium there is nothing to look with.
describe.skipIf(CHROMIUM === undefined)('the page of the console', { timeout: TIMEOUT_MS }, () => {
  let browser: ConsoleBrowser;
  let gateway: MockGateway;
  beforeAll(async () => {
    browser = await ConsoleBrowser.start();
  });
  afterEach(() => browser.closePages());
  afterAll(() => browser?.stop());

  const open = async (view: string, session?: 'needed' | 'none', look: Look = LOOK) => {
    gateway = await browser.startGateway(session);
    return browser.openPage(gateway, `/console/#/${view}`, look);
  };

  it('asks for the token, refuses a wrong one and shows figures with the right one', async () => {
    const { page, faults } = await open('overview', 'needed');
    const token = page.getByLabel('Token');
    await token.fill('not-this-one');
    await token.press('Enter');
    await page.getByRole('alert').waitFor();
    expect(await axeFindings(page)).toEqual([]);
    expect(await page.locator('.strip').count()).toBe(0);
    await token.fill(OPERATOR_TOKEN);
    await token.press('Enter');
    await page.locator('.freshness.fresh').waitFor();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await token.waitFor();
    expect(faults).toEqual([]);
  });

  it('shows figures to everybody where it may, and acts once somebody signed in', async () => {
    const { page } = await open('overview', 'none');
    await page.locator('.freshness.fresh').waitFor();
    await page.getByRole('link', { name: 'Sign in' }).click();
    await page.getByText('Nobody is signed in').waitFor();
    expect(await axeFindings(page)).toEqual([]);
    await page.getByLabel('App id').fill('merchant-hub');
    await page.keyboard.press('Enter');
    await page.getByText('Only for operators who are signed in.').first().waitFor();
    expect(await page.getByRole('button', { name: 'Block', exact: true }).isDisabled()).toBe(true);
    await page.getByLabel('Token').fill(OPERATOR_TOKEN);
    await page.keyboard.press('Enter');
    const drain = page.getByRole('button', { name: 'Drain front 0' });
    await drain.waitFor();
    expect(await drain.isEnabled()).toBe(true);
  });

  it('walks through views, heat map and choices by keyboard alone', async () => {
    const { page, faults } = await open('overview');
    await page.locator('.freshness.fresh').waitFor();
    await page.keyboard.press('Tab');
    expect(await focused(page)).toBe('Skip to the figures');
    for (const name of ['Overview', 'Latency']) {
      await page.keyboard.press('Tab');
      expect(await focused(page)).toBe(name);
    }
    await page.keyboard.press('Enter');
    await expect.poll(() => focused(page)).toBe('Latency');
    await page.locator('.heat').waitFor();
    for (let tab = 0; (await focused(page)) !== 'Latency heat map'; tab++) {
      expect(tab, 'tabs until the heat map').toBeLessThan(12);
      await page.keyboard.press('Tab');
    }
    await page.keyboard.press('ArrowLeft');
    await page.getByRole('button', { name: 'Back to live' }).waitFor();
    await page.keyboard.press('ArrowUp');
    await expect.poll(() => page.locator('.readout').textContent()).toMatch(/exchanges \(/);
    await page.keyboard.press('Home');
    await page.getByRole('button', { name: 'Back to live' }).waitFor({ state: 'detached' });
    expect(faults).toEqual([]);
  });

  it('zooms into what is drawn on the heat map', async () => {
    const { page } = await open('latency');
    const box = (await page.locator('.heat').boundingBox())!;
    const y = box.y + box.height / 2;
    await page.mouse.move(box.x + box.width * 0.4, y);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.6, y, { steps: 4 });
    await page.mouse.up();
    await page.getByRole('button', { name: 'Back to live' }).waitFor();
  });

  it('freezes the percentile curve and shows the difference', async () => {
    const { page } = await open('latency');
    await page.getByRole('button', { name: 'Freeze' }).click();
    await page.getByText(/^Frozen: /).waitFor();
    await page.getByRole('button', { name: 'Percentile curve: show as a table' }).click();
    await page.getByRole('columnheader', { name: 'Difference' }).waitFor();
  });

  it('keeps language and colours for the next visit', async () => {
    const { page } = await open('overview');
    await page.getByLabel('Language').selectOption('zh');
    await page.getByLabel('配色').selectOption('dark');
    await page.reload();
    await page.getByRole('heading', { name: '总览' }).waitFor();
    expect(await page.locator('html').getAttribute('data-theme')).toBe('dark');
  });

  it('says since when there is no data, and goes on when there is some again', async () => {
    const { page, faults } = await open('overview');
    await page.locator('.freshness.fresh').waitFor();
    gateway.loseConnections();
    await page.getByText(/^No data since \d\d:\d\d:\d\d/).waitFor();
    expect(await page.locator('.strip.old').count()).toBe(1);
    expect(await page.getByRole('status').last().textContent()).toMatch(/lost/);
    expect(await axeFindings(page)).toEqual([]);
    await page.getByRole('button', { name: 'Connect now' }).click();
    expect(await page.locator('.freshness.silent').count()).toBe(1);
    gateway.comeBack();
    await page.locator('.freshness.fresh').waitFor();
    expect(await page.locator('.strip.old').count()).toBe(0);
    expect(faults).toEqual([]);
  });

  it('changes the pool with a reason, shows before and after, and reverts', async () => {
    const { page, faults } = await open('actions');
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
    const { page } = await open('actions');
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
    const { page } = await open('actions');
    await page.getByLabel('App id').fill('merchant-hub');
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Suspend' }).click();
    await fillReason(page, 'Keys were published');
    await page.getByText('Suspended', { exact: true }).first().waitFor();
    const asked = 'PATCH /v1/apps/merchant-hub suspended';
    expect(gateway.changes).toEqual([{ asked, reason: 'Keys were published' }]);
  });

  it('drains a front, opens a circuit and blocks a source', async () => {
    const { page } = await open('actions');
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
      'POST /v1/upstreams/core-banking/circuit open',
      'POST /v1/blocked-sources 2001:db8::/32',
    ]);
  });

  it('finds a request by its id and from a list', async () => {
    const { page } = await open('search');
    await page.getByLabel('Request id').fill('no-such-request');
    await page.keyboard.press('Enter');
    await page.getByRole('alert').waitFor();
    await page.getByRole('textbox', { name: 'Problem' }).fill('upstream-timeout');
    await page.keyboard.press('Enter');
    await page.getByRole('link').filter({ hasText: '7c9e6679' }).click();
    await page.getByText('core-banking, 10.1.4.9:8443').waitFor();
  });

  it('advises as it is asked by keyboard, and keeps the question in the address', async () => {
    const { page, faults } = await open('advice');
    const hosts = page.getByRole('group', { name: 'Hosts for the target' });
    await hosts.getByRole('row', { name: /^1.2 billion a day 55,556/ }).waitFor();
    await page.getByLabel('Traffic').selectOption('perDay');
    await page.getByRole('spinbutton', { name: 'Calls a day' }).fill('2.4e9');
    const fronts = page.getByRole('spinbutton', { name: /^Fronts/ });
    await fronts.focus();
    await page.keyboard.type('4');
    await page.keyboard.press('Tab');
    await page.keyboard.type('1');
    await hosts.getByRole('row', { name: /^As asked 111,111/ }).waitFor();
    const asked = '#/advice/perDay=2.4e9&fronts=4&workers=1';
    await expect.poll(() => page.evaluate('location.hash')).toBe(asked);
    await page.reload();
    await hosts.getByRole('row', { name: /^As asked 111,111/ }).waitFor();
    expect(await fronts.inputValue()).toBe('4');
    await page.getByRole('textbox', { name: 'Mix' }).fill('rsa=2');
    await page.getByRole('alert').waitFor();
    expect(await axeFindings(page)).toEqual([]);
    await page.getByRole('button', { name: 'Reset' }).click();
    await hosts.getByRole('row', { name: /^As asked 2,880/ }).waitFor();
    expect(faults).toEqual([]);
  });

  it('says where there are too few calls to measure by', async () => {
    const { page } = await open('overview');
    gateway.measured = QUIET;
    await page.evaluate(`location.hash = '#/advice'`);
    await page.getByText('120 calls in 30 s are too few to measure by').waitFor();
    expect(await axeFindings(page)).toEqual([]);
  });

  it('moves nothing for who wants no motion', async () => {
    const { page } = await open('overview', undefined, { ...LOOK, reducesMotion: true });
    await page.locator('.panel').first().waitFor();
    const moving = await page.evaluate(
      `[...document.querySelectorAll('*')].filter(
        element => getComputedStyle(element).transitionDuration !== '0s').length`,
    );
    expect(moving).toBe(0);
  });
});
