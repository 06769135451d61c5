import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { gatewayEnvironment } from '../../src/runtime/gateway-environment.ts';

let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'xingyun-cache-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

describe('what Node has compiled', () => {
  it('is kept in stateDir, for the gateway alone', () => {
    const stateDir = join(dir, 'state');
    const env = gatewayEnvironment({ PATH: '/bin' }, stateDir);
    expect(env).toMatchObject({
      PATH: '/bin',
      NODE_COMPILE_CACHE: join(stateDir, 'compile-cache'),
    });
    for (const made of [stateDir, env.NODE_COMPILE_CACHE!]) {
      expect(statSync(made).mode & 0o777).toBe(0o700);
    }
  });

  it('is kept where the operator says', () => {
    const env = { NODE_COMPILE_CACHE: '/elsewhere' };
    expect(gatewayEnvironment(env, dir).NODE_COMPILE_CACHE).toBe('/elsewhere');
  });

  it.each([0o777, 0o770])('is not kept where others may write (mode %o)', mode => {
    const stateDir = join(dir, 'state');
    mkdirSync(stateDir);
    chmodSync(stateDir, mode);
    expect(gatewayEnvironment({}, stateDir).NODE_COMPILE_CACHE).toBeUndefined();
  });

  it('is not kept where the folder cannot be made', () => {
    writeFileSync(join(dir, 'state'), 'a file');
    const env = gatewayEnvironment({ PATH: '/bin' }, join(dir, 'state'));
    expect(env.NODE_COMPILE_CACHE).toBeUndefined();
  });
});

describe('memory of large blocks', () => {
  it('goes back to the system when it is freed, but for what the operator says', () => {
    const threshold = (env: NodeJS.ProcessEnv) => gatewayEnvironment(env, dir);
    expect(threshold({}).MALLOC_MMAP_THRESHOLD_).toBe('131072');
    expect(threshold({ MALLOC_MMAP_THRESHOLD_: '7' }).MALLOC_MMAP_THRESHOLD_).toBe('7');
  });
});
