import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { prepareDemo } from '../../src/demo/setup.ts';
import { runCli } from './run-cli.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'check-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

describe('xingyun check', () => {
  it('accepts the demonstration and counts what is in it', async () => {
    const { configFile } = await prepareDemo(join(root, 'demo'), { bankPort: 8081 });
    const shown = await runCli(['check', '--config', configFile]);
    expect([shown.status, shown.stderr]).toEqual([0, '']);
    const { stdout } = await runCli(['check', '--config', configFile, '--json']);
    expect(JSON.parse(stdout)).toMatchObject({
      ok: true,
      registry: { partners: 6, apps: 6, keys: 8, apis: 4, operations: 13, upstreams: 2 },
    });
  });

  it('finds the configuration in the working folder', async () => {
    const { dir } = await prepareDemo(join(root, 'demo'), { bankPort: 8081 });
    expect((await runCli(['check'], { cwd: dir })).status).toBe(0);
    expect((await runCli(['check'], { cwd: root })).status).toBe(1);
  });

  it('names the file, the line and the option that is wrong', async () => {
    const { configFile, registryFile } = await prepareDemo(join(root, 'demo'), { bankPort: 8081 });
    const good = readFileSync(registryFile, 'utf8');
    writeFileSync(registryFile, good.replace('nebula-pay-app', 'nobody-app'));
    const { status, stdout } = await runCli(['check', '--config', configFile, '--json']);
    expect(status).toBe(1);
    const { ok, problems } = JSON.parse(stdout);
    expect(ok).toBe(false);
    expect(problems[0]).toMatchObject({ line: expect.any(Number), path: expect.any(String) });
    writeFileSync(configFile, 'listener:\n  prot: 1\n');
    const shown = await runCli(['check', '--config', configFile]);
    expect(shown.status).toBe(1);
    expect(shown.stderr).toMatch(/:2: listener\.prot /);
  });
});
