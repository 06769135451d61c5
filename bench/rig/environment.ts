/** Where and from which source a result was measured. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, release, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export interface Environment {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryMb: number;
  readonly kernel: string;
  readonly node: string;
  readonly os: string;
  /** Load average over one minute when the run began. */
  readonly loadAverage: number;
}

/** The load average is of this moment: ask before the run. */
export function readEnvironment(): Environment {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryMb: Math.round(totalmem() / 2 ** 20),
    kernel: release(),
    node: process.version,
    os: distribution(),
    loadAverage: Math.round(loadavg()[0]! * 100) / 100,
  };
}

/**
 * The commit of the checkout at `root`, with `+changes` where tracked files differ from it; empty
 * outside git. Recorded results do not count as changes: every run adds to them.
 */
export function checkoutCommit(root = ROOT): string {
  try {
    const commit = git(root, 'rev-parse', '--short=12', 'HEAD');
    const changes = git(root, 'status', '--porcelain', '--', '.', ':!bench/results');
    return changes === '' ? commit : `${commit}+changes`;
  } catch {
    return '';
  }
}

function git(root: string, ...args: string[]): string {
  return execFileSync('git', ['-C', root, ...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  }).trim();
}

function distribution(): string {
  try {
    const text = readFileSync('/etc/os-release', 'utf8');
    return /^PRETTY_NAME="?([^"\n]*)"?$/m.exec(text)?.[1] ?? process.platform;
  } catch {
    return process.platform;
  }
}
