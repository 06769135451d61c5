/** What is done to the gateway and to what it stands between. Each ends with all of it whole. */
import { connect, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { benchKeyId } from '../rig/bench-folder.ts';
import { ORDERS_PATH, PUBLIC_AUTHORITY } from '../rig/gateway-files.ts';
import type { SupervisedGateway } from '../rig/supervised-gateway.ts';
import type { ChaosUpstream } from './chaos-upstream.ts';

export interface ChaosRig {
  readonly gateway: SupervisedGateway;
  /** The targets of one upstream; at least two. */
  readonly upstreams: readonly ChaosUpstream[];
}

export interface Fault {
  readonly name: string;
  /** Callers lose connections by it: with a killed process, or an answer that breaks off. */
  readonly cuts: boolean;
  /** Resolves when it is over. */
  run(rig: ChaosRig): Promise<void>;
}

const SHORT_MS = 1_000;
const MIDDLE_MS = 3_000;
/** Longer than an upstream's time for an answer in this run. */
const LONG_MS = 4_000;
const PEERS = 200;
const FLOODERS = 16;
const FLOOD_SOURCE = '127.0.0.9';
const SLOW_SOURCE = '127.0.0.10';

export const FAULTS: readonly Fault[] = [
  {
    name: 'gateway killed',
    cuts: true,
    run: ({ gateway }) => gateway.killAndWait(),
  },
  {
    name: 'gateway frozen',
    cuts: false,
    async run({ gateway }) {
      const thaw = await gateway.freeze();
      await pause(SHORT_MS);
      thaw();
    },
  },
  {
    name: 'registry read again',
    cuts: false,
    async run({ gateway }) {
      await gateway.signal('SIGHUP');
      await pause(SHORT_MS);
    },
  },
  upstreamFault('one target killed', async ([first]) => {
    await first!.kill();
    await pause(MIDDLE_MS);
    await first!.start();
  }),
  upstreamFault('one target frozen', async ([, second]) => {
    second!.freeze();
    await pause(LONG_MS);
    second!.thaw();
  }),
  upstreamFault('one target fails', async ([first]) => {
    first!.behave('failing');
    await pause(MIDDLE_MS);
    first!.behave('good');
  }),
  {
    name: 'one target breaks its answers off',
    cuts: true,
    async run({ upstreams: [, second] }) {
      second!.behave('resetting');
      await pause(MIDDLE_MS);
      second!.behave('good');
    },
  },
  upstreamFault('all targets killed', async upstreams => {
    await Promise.all(upstreams.map(upstream => upstream.kill()));
    await pause(MIDDLE_MS);
    await Promise.all(upstreams.map(upstream => upstream.start()));
  }),
  {
    name: 'flood of bad signatures',
    cuts: false,
    run: ({ gateway }) => flood(gateway.port),
  },
  {
    name: 'slow peers',
    cuts: false,
    run: ({ gateway }) => holdHalfHeads(gateway.port),
  },
];

function upstreamFault(
  name: string,
  run: (upstreams: readonly ChaosUpstream[]) => Promise<void>,
): Fault {
  return { name, cuts: false, run: ({ upstreams }) => run(upstreams) };
}

/** From an address of their own, each as fast as it is answered. */
async function flood(port: number): Promise<void> {
  const sockets = Array.from({ length: FLOODERS }, () => {
    const socket = opened(port, FLOOD_SOURCE);
    socket.on('data', () => socket.write(badlySigned()));
    socket.write(badlySigned());
    return socket;
  });
  await pause(MIDDLE_MS);
  for (const socket of sockets) socket.destroy();
}

/** With a key id that is registered, and a signature that nobody made. */
function badlySigned(): string {
  const created = Math.floor(Date.now() / 1_000);
  const nonce = crypto.randomUUID().replaceAll('-', '');
  const keyId = benchKeyId('es256', 0);
  const parameters = `created=${created};keyid="${keyId}";alg="ecdsa-p256-sha256";nonce="${nonce}"`;
  return (
    `GET ${ORDERS_PATH}/o-1 HTTP/1.1\r\nhost: ${PUBLIC_AUTHORITY}\r\n` +
    `signature-input: sig1=("@method" "@target-uri");${parameters}\r\n` +
    `signature: sig1=:${Buffer.alloc(64, 7).toString('base64')}:\r\n\r\n`
  );
}

async function holdHalfHeads(port: number): Promise<void> {
  const sockets = Array.from({ length: PEERS }, () => {
    const socket = opened(port, SLOW_SOURCE);
    socket.write(`GET ${ORDERS_PATH}/o-1 HTTP/1.1\r\nhost: ${PUBLIC_AUTHORITY}\r\nx-slow: `);
    return socket;
  });
  for (let left = LONG_MS; left > 0; left -= SHORT_MS) {
    await pause(SHORT_MS);
    for (const socket of sockets) socket.write('a');
  }
  for (const socket of sockets) socket.destroy();
}

function opened(port: number, localAddress: string): Socket {
  const socket = connect({ port, host: '127.0.0.1', localAddress });
  // It is told off, or the gateway goes meanwhile: both may be.
  socket.on('error', () => socket.destroy());
  return socket.setNoDelay();
}
