import { describe, expect, it } from 'vitest';
import { bootIdentity, isSameBoot } from '../../../src/stores/shared-memory/boot-identity.ts';

describe('the identity of a boot', () => {
  it.each([process.platform, 'freebsd'])('stays the same within one boot on %s', platform => {
    expect(isSameBoot(bootIdentity(platform), bootIdentity(platform))).toBe(true);
    expect(bootIdentity(platform).length).toBeLessThanOrEqual(64);
  });

  it('tells boots apart by name', () => {
    expect(isSameBoot('0f3d', '0f3e')).toBe(false);
    expect(isSameBoot('0f3d', 'booted-at:1900000000')).toBe(false);
  });

  it('allows boot times two seconds of rounding and no more', () => {
    expect(isSameBoot('booted-at:1900000000', 'booted-at:1900000002')).toBe(true);
    expect(isSameBoot('booted-at:1900000000', 'booted-at:1899999997')).toBe(false);
    expect(isSameBoot('booted-at:1900000000', 'booted-at:')).toBe(false);
  });
});
