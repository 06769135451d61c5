import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../../src/control-plane/config/index.ts';
import { aFolder, placesOf } from './config-fixture.ts';

function load(text: string, files: Readonly<Record<string, string>> = {}) {
  return loadConfig(join(aFolder({ ...files, 'xingyun.yaml': text }), 'xingyun.yaml'));
}

describe('the redis section', () => {
  it('is not needed where each host counts for itself, which is the default', () => {
    const { config } = load('# nothing set\n');
    expect(config.policy.store).toBe('host');
    expect(config.redis).toEqual({ timeoutMs: 100 });
  });

  it('wants the URL of Redis where hosts count together', () => {
    expect(placesOf(() => load('policy:\n  store: redis\n'))).toEqual(['1 redis.urlFile']);
  });

  it('starts the path at the folder of the file and wants what it names', () => {
    const text = 'policy:\n  store: redis\nredis:\n  urlFile: redis.url\n';
    expect(placesOf(() => load(text))).toEqual(['4 redis.urlFile']);
    const { config, file } = load(text, { 'redis.url': 'redis://127.0.0.1' });
    expect(config.redis.urlFile).toBe(join(file!, '..', 'redis.url'));
  });
});
