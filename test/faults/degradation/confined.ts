/** Commands under which a gateway process has less than it would like, and what they need. */

import { spawnSync } from 'node:child_process';
import { existsSync, globSync } from 'node:fs';

const LIBFAKETIME = globSync('/usr/lib/*/faketime/libfaketimeMT.so.1')[0];

/** Mounts of its own that nobody else sees; only root may have them. */
export const hasMounts = spawnSync('unshare', ['--mount', 'true']).status === 0;
export const hasOtherTime = LIBFAKETIME !== undefined;

/** The folder with what is in it now, on a disk of its own of that many megabytes. */
export function onSmallDisk(folder: string, megabytes: number): readonly string[] {
  const script = [
    'set -e',
    'cp -a "$1" "$1.before"',
    `mount -t tmpfs -o size=${megabytes}m,mode=700 tmpfs "$1"`,
    'cp -a "$1.before/." "$1"',
    'shift',
    'exec "$@"',
  ].join('\n');
  return ['unshare', '--mount', 'sh', '-c', script, 'sh', folder];
}

/** With that file as its /etc/hosts. */
export function withHosts(file: string): readonly string[] {
  const script = 'mount --bind "$1" /etc/hosts && shift && exec "$@"';
  return ['unshare', '--mount', 'sh', '-c', script, 'sh', file];
}

export function withOpenFiles(most: number): readonly string[] {
  return ['prlimit', `--nofile=${most}`];
}

/** The wall clock is ahead, or behind, by what the file says, e.g. `+1h`; the other one goes on. */
export function withClock(file: string): Readonly<Record<string, string>> {
  if (LIBFAKETIME === undefined || !existsSync(file)) throw new Error('there is no other time');
  return {
    LD_PRELOAD: LIBFAKETIME,
    FAKETIME_TIMESTAMP_FILE: file,
    FAKETIME_NO_CACHE: '1',
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
    DONT_FAKE_MONOTONIC: '1',
  };
}
