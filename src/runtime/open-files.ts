/**
 * How many connections the process's limit of open files has room for. Where connections take all
 * of them, the gateway cannot reach an upstream, nor its operators the gateway; and a listener that
 * cannot accept is asked again by the kernel at once, as fast as a core runs.
 */
import { readFileSync } from 'node:fs';
import type { Config } from '../core/config.ts';

/** Measured: what the process, each front and each worker have open by themselves. */
const OWN_FILES = 20;
const FRONT_FILES = 14;
const WORKER_FILES = 12;
/** For upstreams, stores and operators: a tenth of all, and no more than this. */
const OTHERS_SHARE = 0.1;
const OTHERS_MAX = 512;

/** Infinity where there is no limit, or none that can be read. */
export function readOpenFilesMax(file = '/proc/self/limits'): number {
  let limits: string;
  try {
    limits = readFileSync(file, 'utf8');
  } catch {
    // Only Linux tells it there; elsewhere the configured limit holds as it is.
    return Number.POSITIVE_INFINITY;
  }
  const soft = Number(/Max open files\s+(\d+)/.exec(limits)?.[1]);
  return Number.isNaN(soft) ? Number.POSITIVE_INFINITY : soft;
}

/** Connections per front, at least one and at most as many as are configured. */
export function connectionsThatFit(
  { limits, fronts, workers }: Pick<Config, 'limits' | 'fronts' | 'workers'>,
  openFilesMax: number,
): number {
  const own = OWN_FILES + fronts.count * (FRONT_FILES + workers.count * WORKER_FILES);
  const others = Math.min(OTHERS_MAX, openFilesMax * OTHERS_SHARE);
  const each = Math.floor((openFilesMax - own - others) / fronts.count);
  return Math.min(limits.connectionsMax, Math.max(1, each));
}

/** Takes fewer connections than configured where the process may not open as many files. */
export function fitConnections(
  config: Config,
  warn: (fields: object, message: string) => void,
): void {
  const { limits } = config;
  const openFilesMax = readOpenFilesMax();
  const connectionsMax = connectionsThatFit(config, openFilesMax);
  if (connectionsMax === limits.connectionsMax) return;
  warn(
    { configured: limits.connectionsMax, connectionsMax, openFilesMax },
    'Fewer connections per front than configured: the process may not open more files.',
  );
  limits.connectionsMax = connectionsMax;
}
