/** The two entries of the client as somebody has them who has installed the package. */
import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const COMPILER = realpathSync(join(ROOT, 'node_modules/.bin/tsc'));
const BUILD_TIMEOUT_MS = 60_000;

let dir: string;

function run(args: readonly string[], cwd: string): { status: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd, encoding: 'utf8' });
  return { status, output: stdout + stderr };
}

/** As scripts/build.ts does, to a folder of the test's own. */
function install(): void {
  const target = join(dir, 'node_modules/xingyun-gateway');
  mkdirSync(target, { recursive: true });
  copyFileSync(join(ROOT, 'package.json'), join(target, 'package.json'));
  for (const project of ['tsconfig.build.json', 'tsconfig.client.json']) {
    const args = [COMPILER, '-p', project, '--outDir', join(target, 'dist')];
    expect(run(args, ROOT)).toEqual({ status: 0, output: '' });
  }
  for (const name of ['ws', 'msgpackr']) {
    symlinkSync(join(ROOT, 'node_modules', name), join(dir, 'node_modules', name));
  }
}

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'package-'));
  install();
}, BUILD_TIMEOUT_MS);
afterAll(() => {
  rmSync(dir, { recursive: true, force: true });
});

describe.each(['client', 'client/browser'])('xingyun-gateway/%s', entry => {
  it('is imported by its name', () => {
    const file = join(dir, 'import.mjs');
    const names = "['connect', 'ProblemError', 'SessionError', 'JsonText']";
    writeFileSync(
      file,
      `const client = await import('xingyun-gateway/${entry}');
      console.log(JSON.stringify(${names}.map(name => typeof client[name])));`,
    );
    const kinds = '["function","function","function","function"]\n';
    expect(run([file], dir)).toEqual({ status: 0, output: kinds });
  });
});

describe('the declarations of a page’s entry', () => {
  it('are found, and want nothing of Node', () => {
    writeFileSync(
      join(dir, 'page.mts'),
      `import { connect, type Session, SESSION_LIMITS } from 'xingyun-gateway/client/browser';
      export const limits: number = SESSION_LIMITS.callsInFlightMax;
      export const open: (baseUrl: string) => Promise<Session> = baseUrl =>
        connect({ baseUrl, signer: { sign: () => ({ 'signature-input': '', signature: '' }) } });`,
    );
    const terms = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2024'];
    const libraries = ['--lib', 'es2024,esnext.disposable,dom', '--types', ''];
    const args = [COMPILER, ...terms, ...libraries, join(dir, 'page.mts')];
    expect(run(args, dir)).toEqual({ status: 0, output: '' });
  });
});
