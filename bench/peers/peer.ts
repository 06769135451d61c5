/** What all forwarders have in common, ours and the ones that it is compared with. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { isListening } from '../../test/support/processes.ts';
import { type PinnedProcess, processTree } from './pinned-process.ts';

/** A forwarder that runs and listens on 127.0.0.1. */
export interface Peer {
  readonly port: number;
  /** All its processes, whose CPU time is what a request costs. */
  pids(): number[];
  /** Of the gateway: what its /metrics count; absent of the others. */
  readonly checksDone?: () => Promise<ChecksDone>;
  /** Ends its processes and removes its files. */
  stop(): Promise<void>;
}

/** Signature checks since the start, by where they ran: on workers or on the front thread. */
export interface ChecksDone {
  readonly pool: number;
  readonly inline: number;
}

export interface PeerOptions {
  /** The cores that it may use, as taskset takes them. */
  readonly cores: string;
  readonly upstreamPort: number;
  /** Connections to the upstream that it keeps open at most, where that can be set. */
  readonly upstreamConnections: number;
}

const LISTENS_WITHIN_MS = 10_000;
const ASK_AGAIN_MS = 5;

/** A folder of its own for what a peer reads and writes. */
export function peerFolder(name: string): string {
  return mkdtempSync(join(tmpdir(), `xingyun-${name}-`));
}

/**
 * The peer once it is ready: `ready` resolves with its port. Its folder goes when it stops.
 * @throws Error with what the program said, where it ends before, or what `ready` rejects with
 */
export async function readyPeer(
  name: string,
  started: PinnedProcess,
  folder: string,
  ready: Promise<number>,
): Promise<Peer> {
  const stop = async () => {
    await started.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  const ended = started.ended.then(status => {
    throw new Error(`${name} ended (${status}). ${started.said()}`.trim());
  });
  // It ends at last in any case, when nobody listens to this any more.
  ended.catch(() => undefined);
  try {
    const port = await Promise.race([ready, ended]);
    return { port, pids: () => processTree(started.pid), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The port, once it takes connections. */
export async function untilListening(port: number): Promise<number> {
  const giveUpMs = performance.now() + LISTENS_WITHIN_MS;
  while (performance.now() < giveUpMs) {
    if (await isListening(port)) return port;
    // Neither HAProxy nor nginx tells when it listens.
    await pause(ASK_AGAIN_MS);
  }
  throw new Error(`Nothing listens on port ${port}.`);
}
