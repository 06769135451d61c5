/** The built page of the console in a browser, beside a mock gateway, and all that went wrong. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import axe from 'axe-core';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { buildConsole } from '../../../scripts/build-console.ts';
import { CHROMIUM } from '../browser-page.ts';
import { MockGateway, type MockOptions } from './mock-gateway.ts';

/** What the browser itself says of connections that end; the page shows them in words. */
const OF_THE_NETWORK = /^(WebSocket connection to|Failed to load resource:)/;

export interface Look {
  readonly language: 'en' | 'zh';
  readonly theme: 'light' | 'dark';
  readonly width?: number;
  readonly height?: number;
  readonly reducesMotion?: boolean;
}

export interface OpenedPage {
  readonly page: Page;
  /** Errors in the console, exceptions, and breaches of the content security policy. */
  readonly faults: readonly string[];
  /** URLs that were asked for and are not the gateway's. */
  readonly strayRequests: readonly string[];
}

export class ConsoleBrowser {
  private readonly browser: Browser;
  private readonly folder: string;
  private readonly open: { close(): Promise<void> }[] = [];

  private constructor(browser: Browser, folder: string) {
    this.browser = browser;
    this.folder = folder;
  }

  /** Builds the page as it stands in the sources. */
  static async start(): Promise<ConsoleBrowser> {
    const folder = mkdtempSync(join(tmpdir(), 'xingyun-console-'));
    await buildConsole(folder);
    const browser = await chromium.launch({
      executablePath: CHROMIUM!,
      args: ['--no-sandbox', '--disable-gpu', '--no-proxy-server'],
    });
    return new ConsoleBrowser(browser, folder);
  }

  async startGateway(
    session: MockOptions['session'] = 'signed-in',
    roles?: readonly string[],
  ): Promise<MockGateway> {
    const own = roles === undefined ? {} : { roles };
    const gateway = await MockGateway.start({ folder: this.folder, session, ...own });
    this.open.push({ close: () => gateway.stop() });
    return gateway;
  }

  /** @param path of the page, behind the origin */
  async openPage(
    gateway: { readonly origin: string },
    path: string,
    look: Look,
  ): Promise<OpenedPage> {
    const { language, theme, width = 1366, height = 850, reducesMotion = false } = look;
    const context = await this.browser.newContext({
      ...{ viewport: { width, height }, colorScheme: theme },
      ...{ locale: language === 'zh' ? 'zh-CN' : 'en-US' },
      reducedMotion: reducesMotion ? 'reduce' : 'no-preference',
    });
    this.open.push(context);
    const faults = await watchFaults(context);
    const page = await context.newPage();
    const strayRequests: string[] = [];
    page.on('console', message => {
      const text = message.text();
      if (message.type() === 'error' && !OF_THE_NETWORK.test(text)) faults.push(text);
    });
    page.on('pageerror', error => faults.push(String(error)));
    page.on('request', request => {
      if (!request.url().startsWith(gateway.origin)) strayRequests.push(request.url());
    });
    await page.goto(`${gateway.origin}${path}`);
    return { page, faults, strayRequests };
  }

  /** What was opened since the last call. */
  async closePages(): Promise<void> {
    for (const one of this.open.splice(0).reverse()) await one.close();
  }

  async stop(): Promise<void> {
    await this.closePages();
    await this.browser.close();
    rmSync(this.folder, { recursive: true });
  }
}

/** Before any script of the page, and not bound by its policy. */
async function watchFaults(context: BrowserContext): Promise<string[]> {
  const faults: string[] = [];
  await context.exposeBinding('reportBreach', (_, breach: string) => void faults.push(breach));
  await context.addInitScript(
    `addEventListener('securitypolicyviolation', event =>
      reportBreach(event.violatedDirective + ' ' + event.blockedURI));`,
  );
  await context.addInitScript(axe.source);
  return faults;
}

/** Name of what has the focus, or else its text. */
export function focused(page: Page): Promise<unknown> {
  return page.evaluate('document.activeElement.ariaLabel ?? document.activeElement.textContent');
}

/** Rules of WCAG 2.2 A and AA that the page breaks, each with where. */
export async function axeFindings(page: Page): Promise<string[]> {
  const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
  const runOnly = { type: 'tag', values: tags };
  // Of what is good axe would describe every element.
  const options = JSON.stringify({ runOnly, resultTypes: ['violations'] });
  const { violations } = (await page.evaluate(`axe.run(document, ${options})`)) as {
    violations: { id: string; nodes: { html: string; failureSummary: string }[] }[];
  };
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html}\n${failureSummary}`),
  );
}
