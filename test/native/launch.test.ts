import { once } from 'node:events';
import { existsSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { finish, LaunchFixture } from './launch-fixture.ts';

let fixture: LaunchFixture;
beforeEach(() => {
  fixture = new LaunchFixture();
});
afterEach(() => fixture.remove());

const BOOTSTRAP = ['scripts/bootstrap.mjs', 'stand-in.mjs'];
const OLD = ['--require', './old-node.cjs'];
const read = (path: string) => readFileSync(join(fixture.root, path), 'utf8');
const npmCalls = () => (existsSync(join(fixture.root, 'npm-calls')) ? read('npm-calls') : '');
const oneSentence = /^xingyun: [^\n]+\.\n$/;

function packNode(): void {
  const name = `node-${process.platform}-${process.arch}`;
  fixture.write(`node_modules/${name}/package.json`, '{}');
  fixture.write(`node_modules/${name}/bin/placeholder`, '');
  symlinkSync(process.execPath, join(fixture.root, 'node_modules', name, 'bin/node'));
}

describe.each([
  { way: 'by replacing itself', preload: [] },
  { way: 'as a parent process', preload: OLD },
])('the bootstrap runs its file $way', ({ preload }) => {
  it('with the arguments, and ends with its status', async () => {
    const { status, stdout, stderr } = await fixture.run(
      [...preload, ...BOOTSTRAP, 'a b', '--flag'],
      { STATUS: '7' },
    );
    expect(stderr).toBe('');
    expect(JSON.parse(stdout).args).toEqual(['a b', '--flag']);
    expect(status).toBe(7);
    expect(npmCalls()).toBe('');
  });

  it.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)('and passes %s on', async signal => {
    const child = fixture.start([...preload, ...BOOTSTRAP], { MODE: 'wait' });
    const outcome = finish(child);
    await once(child.stdout!, 'data');
    child.kill(signal);
    await once(child.stdout!, 'data');
    child.stdin!.end();
    const { status, stdout } = await outcome;
    expect(stdout.split('\n').slice(1)).toEqual([signal, '']);
    expect(status).toBe(0);
  });
});

describe('as a parent process', () => {
  it('passes a repeated signal on once, so that Ctrl-C under npm is not two', async () => {
    const child = fixture.start([...OLD, ...BOOTSTRAP], { MODE: 'wait' });
    const outcome = finish(child);
    await once(child.stdout!, 'data');
    child.kill('SIGINT');
    await once(child.stdout!, 'data');
    child.kill('SIGINT');
    child.kill('SIGTERM');
    await once(child.stdout!, 'data');
    child.stdin!.end();
    const { status, stdout } = await outcome;
    expect(stdout.split('\n').slice(1)).toEqual(['SIGINT', 'SIGTERM', '']);
    expect(status).toBe(0);
  });

  it('ends with 128 + n where signal n ended the file', async () => {
    const { status } = await fixture.run([...OLD, ...BOOTSTRAP], { MODE: 'kill' });
    expect(status).toBe(128 + 9);
  });
});

describe('the bootstrap installs', () => {
  const demo = { 'node_modules/demo': { version: '1.0.0', integrity: 'sha512-a' } };

  it('what is missing, once, and keeps standard output for the file', async () => {
    fixture.lock(demo);
    const { status, stdout, stderr } = await fixture.run(BOOTSTRAP);
    expect(status).toBe(0);
    expect(JSON.parse(stdout).args).toEqual([]);
    expect(stderr).toMatch(/installing the locked dependencies/);
    expect(stderr).toMatch(/on standard output/);
    expect(npmCalls()).toMatch(/^ci /);
    await fixture.run(BOOTSTRAP);
    expect(npmCalls().match(/^ci /gm)).toHaveLength(1);
  });

  it('on the system’s Node, not on one that npm is about to replace', async () => {
    fixture.lock(demo);
    await fixture.run(BOOTSTRAP);
    expect(read('npm-path')).not.toContain('node_modules/.bin');
  });

  it.each([
    { what: 'another version', found: { version: '0.9.0', integrity: 'sha512-a' } },
    { what: 'other bytes', found: { version: '1.0.0', integrity: 'sha512-b' } },
  ])('anew where $what is there', async ({ found }) => {
    fixture.lock(demo);
    fixture.installed({ 'node_modules/demo': found });
    await fixture.run(BOOTSTRAP);
    expect(npmCalls()).toMatch(/^ci /);
  });

  it('nothing where only another platform’s packages are missing', async () => {
    fixture.lock({ 'node_modules/demo': { version: '1.0.0', optional: true } });
    await fixture.run(BOOTSTRAP);
    expect(npmCalls()).toBe('');
  });

  it('development dependencies only for what needs them', async () => {
    fixture.lock({ 'node_modules/demo': { version: '1.0.0', dev: true } });
    await fixture.run(BOOTSTRAP);
    expect(npmCalls()).toBe('');
    await fixture.run(['scripts/bootstrap.mjs', '--with-dev', 'stand-in.mjs']);
    expect(npmCalls()).toMatch(/--include=dev/);
  });

  it('or says that it could not and ends with status 1', async () => {
    fixture.lock(demo);
    const { status, stdout, stderr } = await fixture.run(BOOTSTRAP, { NPM_FAILS: '1' });
    expect(status).toBe(1);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/could not be installed/);
  });
});

describe('the bootstrap', () => {
  it('ends with status 2 without a file to run', async () => {
    expect((await fixture.run(['scripts/bootstrap.mjs'])).status).toBe(2);
  });
});

describe('the launcher', () => {
  const LAUNCHER = ['bin/xingyun.mjs'];

  it('runs the sources in a checkout, with arguments and status', async () => {
    fixture.write(
      'src/cli/main.ts',
      "console.log('sources', ...process.argv.slice(2) as string[]);",
    );
    fixture.write('dist/cli/main.js', "console.log('compiled');");
    const { status, stdout } = await fixture.run([...LAUNCHER, 'call', 'GET']);
    expect(stdout).toBe('sources call GET\n');
    expect(status).toBe(0);
  });

  it('runs the compiled files where there are no sources', async () => {
    fixture.write('dist/cli/main.js', "console.log('compiled'); process.exitCode = 2;");
    const { status, stdout } = await fixture.run(LAUNCHER);
    expect(stdout).toBe('compiled\n');
    expect(status).toBe(2);
  });

  it('ends with one sentence where the package is not complete', async () => {
    const { status, stderr } = await fixture.run(LAUNCHER);
    expect(stderr).toMatch(oneSentence);
    expect(status).toBe(1);
  });

  it('uses the packaged Node where its own is too old', async () => {
    packNode();
    fixture.write('dist/cli/main.js', 'console.log(process.argv0);');
    const { status, stdout } = await fixture.run([...OLD, ...LAUNCHER], {
      NODE_VERSION: '20.20.2',
    });
    expect(stdout.trim()).toMatch(/node-\w+-\w+\/bin\/node$/);
    expect(status).toBe(0);
  });

  it('ends with one sentence where no Node is new enough', async () => {
    fixture.write('dist/cli/main.js', "console.log('must not run');");
    const { status, stdout, stderr } = await fixture.run([...OLD, ...LAUNCHER], {
      NODE_VERSION: '20.20.2',
    });
    expect(stdout).toBe('');
    expect(stderr).toMatch(oneSentence);
    expect(stderr).toContain('20.20.2');
    expect(status).toBe(1);
  });
});
