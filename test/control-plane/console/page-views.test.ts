import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { CHROMIUM } from '../../support/browser-page.ts';
import { axeFindings, ConsoleBrowser, type Look } from '../../support/console/console-page.ts';
import { KNOWN_REQUEST } from '../../support/console/records.ts';

/** Each view with what is there once its figures are. */
const VIEWS: readonly (readonly [path: string, shown: string])[] = [
  ['overview', '.alert-list'],
  ['latency', 'table'],
  ['threads', '.pools table'],
  ['actions', '.records .badge'],
  ['advice', '.with-bar'],
  [`search/${KNOWN_REQUEST}`, '.details table'],
];
const LANGUAGES = ['en', 'zh'] as const;
const THEMES = ['light', 'dark'] as const;
const LOOKS: readonly Look[] = LANGUAGES.flatMap(language =>
  THEMES.map(theme => ({ language, theme })),
);
const PHONE = { width: 360, height: 740 };

/** Six views, each looked through by axe, on a machine that does other things as well. */
const TIMEOUT_MS = 90_000;

async function show(page: Page, path: string, shown: string): Promise<void> {
  await page.evaluate(`location.hash = '#/${path}'`);
  await page.locator(shown).first().waitFor();
}

// Without Debian's chromium there is nothing to look with.
describe.skipIf(CHROMIUM === undefined)(
  'every view of the console',
  { timeout: TIMEOUT_MS },
  () => {
    let browser: ConsoleBrowser;
    beforeAll(async () => {
      browser = await ConsoleBrowser.start();
    });
    afterEach(() => browser.closePages());
    afterAll(() => browser?.stop());

    const open = async (look: Look) => {
      const gateway = await browser.startGateway();
      const opened = await browser.openPage(gateway, '/console/', look);
      await opened.page.locator('.freshness.fresh').waitFor();
      return opened;
    };

    it.each(LOOKS)('is clean to axe and to its policy in $language, $theme', async look => {
      const { page, faults, strayRequests } = await open(look);
      for (const [path, shown] of VIEWS) {
        await show(page, path, shown);
        expect(await axeFindings(page), path).toEqual([]);
        expect(faults, path).toEqual([]);
        expect(strayRequests, path).toEqual([]);
      }
      expect(await page.locator('html').getAttribute('lang')).toMatch(look.language);
    });

    it.each(LOOKS)('fits a phone in $language, $theme', async look => {
      const { page } = await open({ ...look, ...PHONE });
      for (const [path, shown] of VIEWS) {
        await show(page, path, shown);
        const wider = await page.evaluate(
          'document.documentElement.scrollWidth - document.documentElement.clientWidth',
        );
        expect(wider, path).toBe(0);
        expect(await axeFindings(page), path).toEqual([]);
      }
    });

    it('has every chart as a table as well, clean to axe', async () => {
      const { page } = await open(LOOKS[0]!);
      for (const [path, shown] of VIEWS.slice(0, 3)) {
        await show(page, path, shown);
        const toggles = page.getByRole('button', { name: /show as a table/ });
        const charts = await page.locator('.plot, .heat').count();
        expect(await toggles.count(), path).toBe(charts);
        for (let left = charts; left > 0; left--) await toggles.first().click();
        expect(await page.locator('.plot, .heat').count(), path).toBe(0);
        expect(await page.getByRole('button', { name: /show as a chart/ }).count()).toBe(charts);
        expect(await axeFindings(page), path).toEqual([]);
      }
    });
  },
);
