import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { KEY_CACHE_MAX, KeyCache } from '../../../src/data-plane/workers/key-cache.ts';
import { signerFor } from './signed-checks.ts';

describe('the key cache', () => {
  it('imports a key once', () => {
    const keys = new KeyCache();
    const { material } = signerFor('ed25519');
    const key = keys.get(1, 'ed25519', material);
    expect(key).toBeDefined();
    expect(keys.get(1, 'ed25519', material)).toBe(key);
    expect(keys.get(2, 'ed25519', material)).not.toBe(key);
  });

  it('keeps nothing of what is no key', () => {
    const keys = new KeyCache();
    expect(keys.get(1, 'ed25519', Buffer.from('no key'))).toBeUndefined();
    expect(keys.size).toBe(0);
  });

  it('is bounded and forgets the key not used for longest', () => {
    const keys = new KeyCache();
    const secret = randomBytes(32);
    const first = keys.get(0, 'hmac-sha256', secret);
    const second = keys.get(1, 'hmac-sha256', secret);
    for (let serial = 2; serial < KEY_CACHE_MAX; serial++) keys.get(serial, 'hmac-sha256', secret);
    keys.get(0, 'hmac-sha256', secret);
    keys.get(KEY_CACHE_MAX, 'hmac-sha256', secret);
    expect(keys.size).toBe(KEY_CACHE_MAX);
    expect(keys.get(0, 'hmac-sha256', secret)).toBe(first);
    expect(keys.get(1, 'hmac-sha256', secret)).not.toBe(second);
  });
});
