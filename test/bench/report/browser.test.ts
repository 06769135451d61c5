import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import { renderReport } from '../../../bench/report/render-report.ts';
import { CHROMIUM } from '../../support/browser-page.ts';
import { buildResult } from './load-results.ts';

const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--enable-logging=stderr',
  '--dump-dom',
];

describe('a report in a browser', () => {
  const folder = mkdtempSync(join(tmpdir(), 'xingyun-browser-'));
  afterAll(() => rmSync(folder, { recursive: true, maxRetries: 5 }));

  /** What the browser made of the page, and what it wrote to its console. */
  async function open(page: string): Promise<{ dom: string; messages: string[] }> {
    const file = join(folder, 'report.html');
    writeFileSync(file, page);
    const args = [...FLAGS, `--user-data-dir=${join(folder, 'profile')}`, `file://${file}`];
    const { stdout, stderr } = await promisify(execFile)(CHROMIUM!, args, {
      maxBuffer: 64 * 1024 * 1024,
      timeout: 40_000,
    });
    return { dom: stdout, messages: stderr.split('\n').filter(line => /CONSOLE/.test(line)) };
  }

  // Without Debian's package chromium there is no browser to ask.
  it.skipIf(CHROMIUM === undefined)(
    'is drawn without a word on the console',
    async () => {
      const runs = [buildResult({ seconds: 3, rate: 800 }), buildResult({ seconds: 3, rate: 900 })];
      const page = renderReport(runs);
      const { dom, messages } = await open(page);
      expect(messages).toEqual([]);
      expect(dom.match(/<figure/g)).toHaveLength(page.match(/<figure/g)!.length);
      expect(dom).toContain('</html>');
    },
    60_000,
  );

  // Without Debian's package chromium there is no browser to ask.
  it.skipIf(CHROMIUM === undefined)(
    'may run and fetch nothing, and the console says so',
    async () => {
      const smuggled = '<script>document.title = "ran"</script><img src="https://127.0.0.1:1/x">';
      const page = renderReport([buildResult({ seconds: 2, rate: 500 })]);
      const { dom, messages } = await open(page.replace('</main>', `${smuggled}</main>`));
      expect(dom).not.toContain('<title>ran');
      expect(messages.filter(line => line.includes('Content Security Policy'))).toHaveLength(2);
    },
    60_000,
  );
});
