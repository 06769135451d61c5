import { fileURLToPath } from 'node:url';
import { type Peer, type PeerOptions, peerFolder, readyPeer } from '../peer.ts';
import { startPinned } from '../pinned-process.ts';
import type { FastifyOptions } from './options.ts';

const MAIN = fileURLToPath(new URL('main.ts', import.meta.url));

/**
 * Starts the Fastify peer on its core, as a user would run it in production.
 * @throws Error with what it said, where it ends before it listens
 */
export async function startFastify(
  { cores, upstreamPort, upstreamConnections }: PeerOptions,
  signatures: Omit<FastifyOptions, 'upstreamPort' | 'upstreamConnections'>,
): Promise<Peer> {
  const options: FastifyOptions = { upstreamPort, upstreamConnections, ...signatures };
  const folder = peerFolder('fastify');
  const started = startPinned(cores, 'node', [MAIN, JSON.stringify(options)], {
    ipc: true,
  });
  const { promise, resolve } = Promise.withResolvers<number>();
  started.process.once('message', message => resolve((message as { port: number }).port));
  return await readyPeer('fastify', started, folder, promise);
}
