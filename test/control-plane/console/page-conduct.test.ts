import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { CHROMIUM } from '../../support/browser-page.ts';
import { QUIET } from '../../support/console/advice.ts';
import {
  axeFindings,
  ConsoleBrowser,
  focused,
  type Look,
} from '../../support/console/console-page.ts';
import { type MockGateway, OPERATOR_TOKEN } from '../../support/console/mock-gateway.ts';

const LOOK: Look = { language: 'en', theme: 'light' };

const TIMEOUT_MS = 60_000;

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

  it('stays signed in where an older answer comes later', async () => {
    const { page } = await open('overview', 'none');
    await page.locator('.freshness.fresh').waitFor();
    gateway.sessionDelayMs = 2_000;
    const late = page.waitForResponse(
      answer => answer.url().endsWith('/session') && answer.request().method() === 'GET',
    );
    await page.getByRole('link', { name: 'Sign in' }).click();
    await page.getByText('Only for operators who are signed in.').first().waitFor();
    await page.getByLabel('Token').fill(OPERATOR_TOKEN);
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Sign out' }).waitFor();
    await (await late).finished();
    await page.getByRole('button', { name: 'Drain front 0' }).waitFor();
    expect(await page.getByRole('button', { name: 'Sign out' }).count()).toBe(1);
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

  it('takes no figures that are on their way for none', async () => {
    const { page } = await open('latency');
    const notice = page.locator('.heat .nothing');
    await notice.waitFor({ state: 'detached' });
    gateway.historyDelayMs = 1_500;
    await page.getByLabel('Time shown').last().selectOption('3600000');
    await notice.waitFor();
    expect(await notice.textContent()).toBe('Waiting for figures.');
    await notice.waitFor({ state: 'detached' });
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

  it('finds a request by its id and from a list', async () => {
    const { page } = await open('search');
    await page.getByLabel('Request id').fill('no-such-request');
    await page.keyboard.press('Enter');
    await page.getByRole('alert').waitFor();
    await page.getByRole('combobox', { name: 'Problem' }).fill('upstream-timeout');
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

  it('opens another connection in the place of one on which nothing comes', async () => {
    const { page } = await open('overview');
    await page.locator('.freshness.fresh').waitFor();
    gateway.goMute();
    await page.getByText(/^No data since/).waitFor();
    const before = gateway.connections;
    await page.getByRole('button', { name: 'Connect now' }).click();
    await expect.poll(() => gateway.connections).toBeGreaterThan(before);
    gateway.comeBack();
    await page.locator('.freshness.fresh').waitFor();
  });

  it('says that the sign-in has ended, and takes one back to where one was', async () => {
    const { page, faults } = await open('threads');
    await page.locator('.freshness.fresh').waitFor();
    gateway.endSessions();
    await page
      .getByText(/^The sign-in has ended/)
      .first()
      .waitFor();
    expect(await axeFindings(page)).toEqual([]);
    await page.getByLabel('Token').fill(OPERATOR_TOKEN);
    await page.keyboard.press('Enter');
    await expect.poll(() => focused(page)).toBe('Threads');
    await page.locator('.pools table').first().waitFor();
    expect(faults).toEqual([]);
  });

  it('shows in every view how many alerts fire, and takes no silence for their end', async () => {
    const { page } = await open('search');
    await page.getByRole('link', { name: 'Alerts firing: 1' }).waitFor();
    await expect.poll(() => page.title()).toMatch(/^\(1\) Search/);
    const said = page.getByRole('status').last();
    await expect.poll(() => said.textContent()).toMatch(/latency-budget-fast-burn/);
    await gateway.stop();
    await page.getByText(/^No data since/).waitFor();
    await page.getByRole('link', { name: 'Alerts firing: 1' }).waitFor({ state: 'detached' });
    expect(await said.textContent()).toMatch(/connection is lost/);
  });

  it('keeps a frozen curve from view to view', async () => {
    const { page } = await open('latency');
    await page.getByRole('button', { name: 'Freeze' }).click();
    await page.getByText(/^Frozen: /).waitFor();
    await page.getByRole('navigation').getByRole('link', { name: 'Actions' }).click();
    await page.getByRole('heading', { name: 'Actions', level: 1 }).waitFor();
    await page.goBack();
    await page.getByText(/^Frozen: /).waitFor();
  });

  it('leads from whoever calls most to the calls, and asks for the order it shows', async () => {
    const { page } = await open('search');
    await page.getByLabel('Sorted by').selectOption('refused');
    await expect.poll(() => gateway.asked.at(-1)).toMatch(/by=app&order=refused/);
    await page.getByText('Only the last 42 s are remembered.').waitFor();
    await page.getByRole('button', { name: 'payroll-cloud' }).click();
    await expect
      .poll(() => page.getByRole('textbox', { name: 'App' }).inputValue())
      .toBe('payroll-cloud');
    await page.getByText(/^Of all requests since/).waitFor();
    expect(gateway.asked).toContain('/v1/requests?order=latest&limit=25&app=payroll-cloud');
  });

  it('stops at no table that does not scroll', async () => {
    const { page } = await open('threads', undefined, { ...LOOK, width: 1_900, height: 1_000 });
    await page.locator('.pools table').first().waitFor();
    expect(await page.locator('.table-frame[tabindex]').count()).toBe(0);
  });
});
