/** A page in a real browser that imports the client as it stands in the sources. */
import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, constants, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { stripTypeScriptTypes } from 'node:module';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const SOURCE = /^\/src\/[\w/-]+\.ts$/;
const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--no-proxy-server',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

function findInPath(name: string): string | undefined {
  const files = (process.env.PATH ?? '').split(delimiter).map(folder => join(folder, name));
  return files.find(file => {
    try {
      accessSync(file, constants.X_OK);
      return true;
    } catch {
      // Another folder may have it.
      return false;
    }
  });
}

/** Undefined where there is no browser. */
export const CHROMIUM = findInPath('chromium');

export interface PageAnswers {
  /** Answers what the page posts to `/ask`, as a backend of its own would. */
  readonly ask?: (question: unknown) => unknown;
}

/**
 * Runs the body of a module in a page, with `client` (src/client/browser.ts), `input` and `ask` in
 * reach; resolves with what it returns, rejects with what it throws.
 */
export async function runInPage(
  body: string,
  input: unknown,
  answers: PageAnswers = {},
): Promise<unknown> {
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  const server = createServer((request, response) => {
    serve(request, response).catch(reject);
  });
  const serve = async (request: IncomingMessage, response: ServerResponse) => {
    const path = request.url!;
    if (path === '/') send(response, 'text/html', page(body, input));
    else if (SOURCE.test(path)) send(response, 'text/javascript', moduleAt(path));
    else if (path === '/ask') {
      const answer = await answers.ask?.(JSON.parse(await text(request)));
      send(response, 'application/json', JSON.stringify(answer ?? null));
    } else if (path === '/done') {
      const { value, error } = JSON.parse(await text(request));
      send(response, 'text/plain', '');
      if (error === undefined) resolve(value);
      else reject(new Error(error));
    } else response.writeHead(404).end();
  };
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  const folder = mkdtempSync(join(tmpdir(), 'xingyun-page-'));
  const browser = openBrowser(`http://127.0.0.1:${port}/`, folder);
  browser.once('exit', code => reject(new Error(`The browser ended: ${code}`)));
  try {
    return await promise;
  } finally {
    await endBrowser(browser);
    server.closeAllConnections();
    server.close();
    rmSync(folder, { recursive: true, maxRetries: 10 });
  }
}

/** In a process group of its own, for a browser is many processes. */
function openBrowser(url: string, folder: string): ChildProcess {
  const args = [...FLAGS, `--user-data-dir=${folder}`, url];
  return spawn(CHROMIUM!, args, { stdio: 'ignore', detached: true });
}

async function endBrowser(browser: ChildProcess): Promise<void> {
  if (browser.exitCode !== null || browser.signalCode !== null) return;
  const ended = new Promise(resolve => browser.once('exit', resolve));
  process.kill(-browser.pid!, 'SIGKILL');
  await ended;
}

function moduleAt(path: string): string {
  return stripTypeScriptTypes(readFileSync(join(ROOT, path), 'utf8'));
}

function send(response: ServerResponse, type: string, content: string): void {
  response.writeHead(200, { 'content-type': `${type}; charset=utf-8` }).end(content);
}

function page(body: string, input: unknown): string {
  return `<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,">
<script type="module">
const post = async (path, value) => {
  const answer = await fetch(path, { method: 'POST', body: JSON.stringify(value) });
  return answer.text();
};
const ask = async question => JSON.parse(await post('/ask', question));
const input = ${JSON.stringify(input)};
try {
  const client = await import('/src/client/browser.ts');
  const run = async () => { ${body} };
  await post('/done', { value: await run() });
} catch (error) {
  await post('/done', { error: String(error?.stack ?? error) });
}
</script>`;
}
