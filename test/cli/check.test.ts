import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  createSecretKeyFile,
  SECRET_KEY_FILE,
  SecretSealer,
} from '../../src/control-plane/registry/index.ts';
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
      registry: { partners: 6, apps: 6, keys: 10, apis: 4, operations: 13, upstreams: 2 },
    });
  });

  it('finds the configuration in the working folder', async () => {
    const { dir } = await prepareDemo(join(root, 'demo'), { bankPort: 8081 });
    expect((await runCli(['check'], { cwd: dir })).status).toBe(0);
    expect((await runCli(['check'], { cwd: root })).status).toBe(1);
  });

  it('is content without a registry file where a database holds the registry', async () => {
    writeFileSync(join(root, 'xingyun.yaml'), '# nothing set\n');
    const { status, stdout } = await runCli(['check', '--json'], { cwd: root });
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toEqual({ ok: true, configFile: join(root, 'xingyun.yaml') });
  });

  it('opens what is sealed in an exported file with the key in stateDir', async () => {
    const keyFile = join(root, 'state', SECRET_KEY_FILE);
    mkdirSync(join(root, 'state'));
    createSecretKeyFile(keyFile);
    const key = {
      ...{ id: 'k', app: 'a', algorithm: 'hmac-sha256' },
      sealedSecret: SecretSealer.fromFile(keyFile).seal(randomBytes(32), 'key/k'),
    };
    const partners = [{ id: 'p', name: 'P', class: 'supply-chain' }];
    const registry = { partners, apps: [{ id: 'a', partner: 'p' }], keys: [key] };
    writeFileSync(join(root, 'registry.yaml'), JSON.stringify(registry));
    writeFileSync(join(root, 'xingyun.yaml'), 'stateDir: state\n');
    expect((await runCli(['check'], { cwd: root })).status).toBe(0);
    rmSync(keyFile);
    const { status, stderr } = await runCli(['check'], { cwd: root });
    expect([status, stderr]).toEqual([1, expect.stringContaining('keys[0].sealedSecret')]);
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
