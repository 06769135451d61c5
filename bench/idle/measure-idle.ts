import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { createDemoBank } from '../../src/demo/bank/index.ts';
import { TestGateway } from '../../test/support/gateway.ts';

export interface IdleResult {
  readonly connections: number;
  /** Resident memory of the whole gateway process, after its warm-up calls. */
  readonly rssBeforeBytes: number;
  readonly rssAfterBytes: number;
  readonly bytesPerConnection: number;
  /** Of one signed call made while all connections were open. */
  readonly callStatus: number;
  readonly callMs: number;
  /** What the gateway itself counted. */
  readonly connectionsCounted: number;
}

const ACCOUNTS = '/accounts/v1/accounts';
/** Connections that are being opened at a time: the listen backlog is 512. */
const OPENING_MAX = 250;
/** Enough calls that the heap has its working size before the first reading. */
const WARM_UP_CALLS = 300;

/** @throws Error where a connection cannot be opened, for example beyond the descriptor limit */
export async function measureIdle(
  connections: number,
  onProgress: (opened: number) => void,
): Promise<IdleResult> {
  const bank = await createDemoBank();
  const gateway = await TestGateway.start({ upstreamPort: bank.port });
  const sockets: Socket[] = [];
  try {
    const client = gateway.client();
    for (let i = 0; i < WARM_UP_CALLS; i++) await client.request('GET', ACCOUNTS);
    const rssBeforeBytes = residentBytes(gateway.process!.pid!);
    while (sockets.length < connections) {
      const count = Math.min(OPENING_MAX, connections - sockets.length);
      sockets.push(...(await openSockets(gateway.port, count)));
      onProgress(sockets.length);
    }
    const rssAfterBytes = residentBytes(gateway.process!.pid!);
    const connectionsCounted = await gateway.metric('xingyun_connections_open');
    const startedMs = performance.now();
    const answer = await client.fetch(ACCOUNTS);
    await answer.arrayBuffer();
    const callMs = performance.now() - startedMs;
    return {
      connections,
      rssBeforeBytes,
      rssAfterBytes,
      bytesPerConnection: (rssAfterBytes - rssBeforeBytes) / connections,
      callStatus: answer.status,
      callMs,
      connectionsCounted,
    };
  } finally {
    for (const socket of sockets) socket.destroy();
    await gateway.dispose();
    await bank.close();
  }
}

function openSockets(port: number, count: number): Promise<Socket[]> {
  return Promise.all(
    Array.from({ length: count }, () => {
      const { promise, resolve, reject } = Promise.withResolvers<Socket>();
      const socket = connect({ port, host: '127.0.0.1' });
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.off('error', reject);
        socket.on('error', () => undefined);
        resolve(socket);
      });
      return promise;
    }),
  );
}

/** VmRSS from /proc, so Linux only. */
function residentBytes(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)![1]) * 1024;
}
