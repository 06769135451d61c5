import type { Environment } from '../rig/environment.ts';

export interface ReloadBenchOptions {
  readonly rounds: number;
  /** Calls due a second, over kept connections. */
  readonly rate: number;
  readonly connections: number;
  /** Calls due a second, each over a connection of its own. */
  readonly newConnectionsRate: number;
  readonly sessions: number;
  /** Between the end of one reload and the next. */
  readonly pauseMs: number;
  readonly seed: number;
}

export interface ReloadRound {
  /** Until the new process served. */
  readonly startMs: number;
  /** From then until the one before had ended. */
  readonly drainMs: number;
}

export interface ReloadResult {
  readonly name: 'reload';
  readonly startedAt: string;
  readonly commit: string;
  readonly environment: Environment;
  readonly options: ReloadBenchOptions;
  /** `net.ipv4.tcp_migrate_req` of the host: docs/operations.md. */
  readonly migratesWaiting: boolean;
  readonly rounds: number;
  readonly requests: number;
  /** Requests that were not answered by the upstream, however. */
  readonly failed: number;
  /** Those, by code of the problem or by how the connection was lost. */
  readonly failures: Readonly<Record<string, number>>;
  readonly newConnections: number;
  readonly websocketCalls: number;
  readonly websocketCallsLost: number;
  /** Of those, by code. */
  readonly websocketFailures: Readonly<Record<string, number>>;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  readonly reloads: readonly ReloadRound[];
}

export function reloadText(result: ReloadResult): string {
  const { rounds, requests, failed, failures, newConnections, reloads, migratesWaiting } = result;
  const { websocketFailures: lost } = result;
  const slowest = (of: (round: ReloadRound) => number) => Math.round(Math.max(...reloads.map(of)));
  return [
    `${rounds} reloads: ready after ${slowest(({ startMs }) => startMs)} ms at most, ` +
      `the one before gone ${slowest(({ drainMs }) => drainMs)} ms later at most`,
    `${requests} requests, ${newConnections} of them on new connections`,
    `${failed} of them failed${listOf(failures)}`,
    `net.ipv4.tcp_migrate_req ${migratesWaiting ? 1 : 0}`,
    `${result.websocketCalls} calls on sessions: ${result.websocketCallsLost} lost${listOf(lost)}`,
    `p50 ${result.p50Ms.toFixed(2)} ms, p99 ${result.p99Ms.toFixed(1)} ms, ` +
      `max ${result.maxMs.toFixed(1)} ms from when each was due`,
    '',
  ].join('\n');
}

function listOf(counts: Readonly<Record<string, number>>): string {
  const names = Object.entries(counts).map(([name, count]) => `${name} ${count}`);
  return names.length === 0 ? '' : ` (${names.join(', ')})`;
}
