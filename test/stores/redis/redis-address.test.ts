import { describe, expect, it } from 'vitest';
import { readRedisUrl } from '../../../src/stores/redis/redis-address.ts';

describe('the URL of Redis', () => {
  it('says where it is, whether over TLS, who asks, and which database', () => {
    expect(readRedisUrl('rediss://gate:p%40ss@cache.bank.example:6380/3\n')).toEqual({
      ...{ host: 'cache.bank.example', port: 6380, isTls: true },
      ...{ username: 'gate', password: 'p@ss', database: 3 },
    });
    expect(readRedisUrl('redis://[::1]')).toEqual({
      ...{ host: '::1', port: 6379, isTls: false },
      ...{ username: undefined, password: undefined, database: 0 },
    });
  });

  it.each([
    'cache.bank.example',
    'http://:secret@host',
    'redis://:secret@',
    'redis://:secret@host/zero',
    'redis://:secret@host/0?timeout=1',
    'redis://:secret%zz@host',
  ])('is refused where it says something else, without repeating it: %s', url => {
    expect(() => readRedisUrl(url)).toThrow(/^The URL of Redis .*: it has the form redis:/);
    expect(() => readRedisUrl(url)).not.toThrow('secret');
  });
});
