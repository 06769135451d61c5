import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { withCompileCache } from '../../src/runtime/compile-cache.ts';

let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'xingyun-cache-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

describe('what Node has compiled', () => {
  it('is kept in stateDir, for the gateway alone', () => {
    const stateDir = join(dir, 'state');
    const env = withCompileCache({ PATH: '/bin' }, stateDir);
    expect(env).toEqual({ PATH: '/bin', NODE_COMPILE_CACHE: join(stateDir, 'compile-cache') });
    for (const made of [stateDir, env.NODE_COMPILE_CACHE!]) {
      expect(statSync(made).mode & 0o777).toBe(0o700);
    }
  });

  it('is kept where the operator says', () => {
    const env = { NODE_COMPILE_CACHE: '/elsewhere' };
    expect(withCompileCache(env, dir)).toBe(env);
  });

  it('is not kept where the folder cannot be made', () => {
    writeFileSync(join(dir, 'state'), 'a file');
    expect(withCompileCache({ PATH: '/bin' }, join(dir, 'state'))).toEqual({ PATH: '/bin' });
  });
});
