/**
 * Which run of the operating system this is. What a killed process wrote without fsync is whole in
 * the page cache as long as the same kernel runs, and uncertain after another has started.
 */
import { readFileSync } from 'node:fs';
import { uptime } from 'node:os';

const LINUX_BOOT_ID = '/proc/sys/kernel/random/boot_id';
const BOOT_TIME_PREFIX = 'booted-at:';
/** Two derivations of one boot time differ by rounding and by small corrections of the clock. */
const BOOT_TIME_TOLERANCE_SECONDS = 2;

/** Linux names each boot; elsewhere the boot's time stands for it. At most 64 ASCII characters. */
export function bootIdentity(platform: string = process.platform): string {
  if (platform === 'linux') return readFileSync(LINUX_BOOT_ID, 'latin1').trim();
  return `${BOOT_TIME_PREFIX}${Math.round(Date.now() / 1000 - uptime())}`;
}

/** True only where both name the same boot. A clock that was set in between makes it false. */
export function isSameBoot(a: string, b: string): boolean {
  if (a === b) return true;
  if (!a.startsWith(BOOT_TIME_PREFIX) || !b.startsWith(BOOT_TIME_PREFIX)) return false;
  const apartSeconds =
    Number(a.slice(BOOT_TIME_PREFIX.length)) - Number(b.slice(BOOT_TIME_PREFIX.length));
  return Math.abs(apartSeconds) <= BOOT_TIME_TOLERANCE_SECONDS;
}
