/** A package root of its own with the real launch scripts and stand-ins for npm and the command. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const projectRoot = fileURLToPath(new URL('../..', import.meta.url));

interface LockedPackage {
  readonly version: string;
  readonly integrity?: string;
  readonly optional?: boolean;
  readonly dev?: boolean;
}
type Packages = Record<string, LockedPackage>;

interface Outcome {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Tells what it was given, then ends as MODE says: with STATUS, by itself, or on a signal. */
const STAND_IN = `
const { MODE, STATUS = '0' } = process.env;
if (MODE === 'kill') process.kill(process.pid, 'SIGKILL');
if (MODE === 'wait') {
  const timer = setInterval(() => {}, 1000);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      console.log(signal);
      // The end of the input shows that the test has sent all that it wanted to send.
      process.stdin.resume().once('end', () => clearInterval(timer));
    });
  }
}
process.exitCode = Number(STATUS);
// Last: a test that has read it may send signals.
console.log(JSON.stringify({ args: process.argv.slice(2), node: process.execPath }));
`;

/** Writes npm's record of what it installed, and a line about how it was called. */
const FAKE_NPM = `#!${process.execPath}
const { appendFileSync, cpSync, mkdirSync } = require('node:fs');
appendFileSync('npm-calls', process.argv.slice(2).join(' ') + '\\n');
appendFileSync('npm-path', process.env.PATH);
console.log('on standard output');
if (process.env.NPM_FAILS) process.exit(3);
mkdirSync('node_modules', { recursive: true });
cpSync('package-lock.json', 'node_modules/.package-lock.json');
`;

/** Hides what Node 24 can do and is, so that the way of a Node 20 is walked. */
const OLD_NODE = `
process.execve = undefined;
if (process.env.NODE_VERSION) {
  Object.defineProperty(process, 'versions', {
    value: { ...process.versions, node: process.env.NODE_VERSION },
  });
}
`;

export class LaunchFixture {
  readonly root = realpathSync(mkdtempSync(join(tmpdir(), 'xingyun-launch-')));
  private readonly children: ChildProcess[] = [];

  constructor() {
    this.write('bin/xingyun.mjs', undefined);
    this.write('scripts/native/node-runtime.mjs', undefined);
    this.write('scripts/bootstrap.mjs', undefined);
    this.write('package.json', '{"type":"module"}');
    this.write('stand-in.mjs', STAND_IN);
    this.write('old-node.cjs', OLD_NODE);
    this.write('fake/npm', FAKE_NPM, 0o755);
    this.write('fake/package.json', '{"type":"commonjs"}');
    this.lock({});
    this.installed({});
  }

  /** Without a text the file is copied from the project. */
  write(path: string, text: string | undefined, mode = 0o644): void {
    const target = join(this.root, path);
    mkdirSync(dirname(target), { recursive: true });
    if (text === undefined) cpSync(join(projectRoot, path), target);
    else writeFileSync(target, text, { mode });
  }

  lock(packages: Packages): void {
    this.write('package-lock.json', JSON.stringify({ packages: { '': {}, ...packages } }));
  }

  installed(packages: Packages): void {
    this.write('node_modules/.package-lock.json', JSON.stringify({ packages }));
  }

  start(args: readonly string[], env: NodeJS.ProcessEnv = {}): ChildProcess {
    const path = ['node_modules/.bin', 'fake'].map(folder => join(this.root, folder));
    const child = spawn(process.execPath, args, {
      cwd: this.root,
      env: { ...process.env, ...env, PATH: [...path, process.env.PATH].join(delimiter) },
    });
    this.children.push(child);
    return child;
  }

  async run(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Outcome> {
    return finish(this.start(args, env));
  }

  remove(): void {
    for (const child of this.children) child.kill('SIGKILL');
    rmSync(this.root, { recursive: true, force: true });
  }
}

/** Collects a child's output until it ends. */
export async function finish(child: ChildProcess): Promise<Outcome> {
  let stdout = '';
  let stderr = '';
  child.stdout!.on('data', chunk => {
    stdout += chunk;
  });
  child.stderr!.on('data', chunk => {
    stderr += chunk;
  });
  const [status] = await once(child, 'close');
  return { status, stdout, stderr };
}
