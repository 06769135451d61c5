/** The cases: who forwards, what is asked of it, and how many ask at once. */
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startFastify } from '../peers/fastify/index.ts';
import { type GatewayOptions, startGateway } from '../peers/gateway.ts';
import { startHaproxy } from '../peers/haproxy.ts';
import { startNginx } from '../peers/nginx.ts';
import type { Peer, PeerOptions } from '../peers/peer.ts';
import { benchKey, benchKeyId } from '../rig/bench-folder.ts';
import { CREATED_MAX_AGE_MS, PIPELINED, PUBLIC_AUTHORITY } from '../rig/gateway-files.ts';
import type { Program } from '../rig/programs.ts';
import type { CheckPlace } from './window-checks.ts';

/**
 * `plain`: one unsigned GET over and over. `signed`: POST, RFC 9421 with RSA-2048, a nonce each.
 * `bearer`: GET with one of 1,024 tokens, RS256 with RSA-2048.
 */
export type TrafficKind = 'plain' | 'signed' | 'bearer';

export interface CompareCase {
  readonly name: string;
  readonly traffic: TrafficKind;
  /** Connections of the load, and at most as many to the upstream. */
  readonly connections: number;
  /** What it needs beside Node, the upstream and the load. */
  readonly program: Program | undefined;
  /** Where its checks must run, of a gateway that counts them; else a round is void. */
  readonly checkPlace: CheckPlace | undefined;
  start(options: PeerOptions): Promise<Peer>;
}

/** This checkout. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const FORWARD_CONNECTIONS = 64;
const CHECK_CONNECTIONS = 128;
interface OurOptions extends Omit<GatewayOptions, 'root'> {
  /** Never `auto`: what a case is called would be the gateway's choice. */
  readonly placement?: CheckPlace;
}

/** Ours, of the checkout at `root`; `suffix` tells checkouts apart. */
function ourCases(root: string, suffix: string): CompareCase[] {
  const ours = (name: string, traffic: TrafficKind, options: OurOptions) => ({
    name: `${name}${suffix}`,
    traffic,
    connections: traffic === 'plain' ? FORWARD_CONNECTIONS : CHECK_CONNECTIONS,
    program: undefined,
    checkPlace: traffic === 'signed' ? options.placement : undefined,
    start: (peer: PeerOptions) => startGateway(peer, { root, ...options }),
  });
  return [
    // Safe methods may share upstream connections (pipeliningMax): what makes forwarding cheapest.
    ours('ours-forward', 'plain', { upstream: PIPELINED }),
    ours('ours-forward-unpipelined', 'plain', {}),
    ours('ours-signed', 'signed', { placement: 'pool' }),
    // One message to the worker for each check, over the same port: not one Piscina task.
    ours('ours-signed-single', 'signed', { placement: 'pool', batchMax: 1 }),
    ours('ours-signed-inline', 'signed', { placement: 'inline' }),
    // After the first of each its tokens are remembered.
    ours('ours-jwt', 'bearer', { issuer: true, upstream: PIPELINED }),
    ours('ours-jwt-unpipelined', 'bearer', { issuer: true }),
  ];
}

function peerCases(): CompareCase[] {
  return [
    {
      name: 'haproxy-forward',
      traffic: 'plain',
      connections: FORWARD_CONNECTIONS,
      program: 'haproxy',
      checkPlace: undefined,
      start: options => startHaproxy(options),
    },
    {
      name: 'nginx-forward',
      traffic: 'plain',
      connections: FORWARD_CONNECTIONS,
      program: 'nginx',
      checkPlace: undefined,
      start: startNginx,
    },
    {
      name: 'fastify-signed',
      traffic: 'signed',
      connections: CHECK_CONNECTIONS,
      program: undefined,
      checkPlace: undefined,
      start: options => startFastify(options, fastifySignatures()),
    },
    {
      name: 'haproxy-jwt',
      traffic: 'bearer',
      connections: CHECK_CONNECTIONS,
      program: 'haproxy',
      checkPlace: undefined,
      start: options => startHaproxy(options, benchKey('rsa').verifyingText),
    },
  ];
}

function fastifySignatures() {
  return {
    keyId: benchKeyId('rsa', 0),
    publicKey: benchKey('rsa').verifyingText,
    authority: PUBLIC_AUTHORITY,
    createdMaxAgeMs: CREATED_MAX_AGE_MS,
  };
}

/** `@` and the folder's name; the path where two folders have one name. */
export function suffixesOf(directories: readonly string[]): string[] {
  const names = directories.map(directory => basename(directory));
  return directories.map((directory, index) => {
    const name = names[index]!;
    return `@${names.indexOf(name) === names.lastIndexOf(name) ? name : directory}`;
  });
}

/** Every case, with ours once more for each other checkout. */
export function allCases(gatewayDirectories: readonly string[]): CompareCase[] {
  const suffixes = suffixesOf(gatewayDirectories);
  return [
    ...ourCases(ROOT, ''),
    ...gatewayDirectories.flatMap((root, index) => ourCases(root, suffixes[index]!)),
    ...peerCases(),
  ];
}
