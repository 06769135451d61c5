/** The gateway itself, of this checkout or of another one, started as its peers are. */
import { join } from 'node:path';
import type { GatewayReady, StartAnswer } from '../../src/runtime/gateway-messages.ts';
import { type GatewayFilesOptions, writeGatewayFiles } from '../rig/gateway-files.ts';
import { type ChecksDone, type Peer, type PeerOptions, peerFolder, readyPeer } from './peer.ts';
import { startPinned } from './pinned-process.ts';

type Tunable = 'placement' | 'batchMax' | 'upstream' | 'issuer';

export interface GatewayOptions extends Pick<GatewayFilesOptions, Tunable> {
  /** The checkout whose src/ runs, with node_modules beside it. */
  readonly root: string;
}

const METRICS_WITHIN_MS = 5_000;

/**
 * Starts one gateway process with one front and one worker, all on the same cores.
 * @throws Error with the gateway's own message where it cannot start
 */
export async function startGateway(
  { cores, upstreamPort, upstreamConnections }: PeerOptions,
  { root, ...options }: GatewayOptions,
): Promise<Peer> {
  const folder = peerFolder('gateway');
  const upstream = { connectionsMax: upstreamConnections, ...options.upstream };
  const configFile = writeGatewayFiles(folder, {
    // wrk keeps as much in flight as it can, and the peers refuse nothing of it.
    config: { overload: { delayTargetMs: 0 } },
    ...options,
    upstreamPort,
    upstream,
    keys: ['rsa'],
  });
  const entry = join(root, 'src/gateway-process.ts');
  const started = startPinned(cores, 'node', [entry, configFile], { ipc: true });
  const { promise, resolve, reject } = Promise.withResolvers<GatewayReady>();
  started.process.once('message', (message: StartAnswer) => {
    if (message.kind === 'ready') resolve(message);
    else reject(new Error(message.message));
  });
  const port = promise.then(({ url }) => Number(new URL(url).port));
  const peer = await readyPeer('the gateway', started, folder, port);
  const { adminUrl } = await promise;
  return { ...peer, checksDone: () => readChecksDone(adminUrl) };
}

async function readChecksDone(adminUrl: string): Promise<ChecksDone> {
  const signal = AbortSignal.timeout(METRICS_WITHIN_MS);
  const answer = await fetch(`${adminUrl}/metrics`, { signal });
  const text = await answer.text();
  return {
    pool: counterIn(text, 'xingyun_verify_pooled_total'),
    inline: counterIn(text, 'xingyun_verify_inline_total'),
  };
}

/** @throws Error where /metrics has no such counter */
export function counterIn(text: string, name: string): number {
  const samples = text.split('\n').filter(line => line.split(/[ {]/, 1)[0] === name);
  if (samples.length === 0) throw new Error(`the gateway's /metrics has no ${name}`);
  return samples.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
}
