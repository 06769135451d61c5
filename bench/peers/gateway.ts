/** The gateway itself, of this checkout or of another one, started as its peers are. */
import { join } from 'node:path';
import type { FromGateway } from '../../src/runtime/supervisor.ts';
import { type GatewayFilesOptions, writeGatewayFiles } from '../rig/gateway-files.ts';
import { type Peer, type PeerOptions, peerFolder, readyPeer } from './peer.ts';
import { startPinned } from './pinned-process.ts';

type Tunable = 'placement' | 'batchMax' | 'upstream';

export interface GatewayOptions extends Pick<GatewayFilesOptions, Tunable> {
  /** The checkout whose src/ runs, with node_modules beside it. */
  readonly root: string;
}

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
    ...options,
    upstreamPort,
    upstream,
    keys: ['rsa'],
  });
  const entry = join(root, 'src/gateway-process.ts');
  const started = startPinned(cores, 'node', [entry, configFile], { ipc: true });
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  started.process.once('message', (message: FromGateway) => {
    if (message.kind === 'ready') resolve(Number(new URL(message.url).port));
    else reject(new Error(message.message));
  });
  return await readyPeer('the gateway', started, folder, promise);
}
