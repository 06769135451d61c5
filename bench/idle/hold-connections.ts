/**
 * Opens connections and holds them, in a process of its own: gateway and client each may have
 * only so many open files. Takes one `HoldOrder` over IPC and reports how many are open.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { connect as connectTls, createSecureContext, type SecureContext } from 'node:tls';
import { ORDERS_PATH, PUBLIC_AUTHORITY } from '../rig/gateway-files.ts';

export interface HoldOrder {
  readonly port: number;
  readonly connections: number;
  readonly tls: boolean;
  /** Whether each makes a call before it is idle; it is unsigned and refused. */
  readonly used: boolean;
}

export type HoldReport =
  | { readonly kind: 'progress' | 'holding' | 'counted'; readonly open: number }
  | { readonly kind: 'failed'; readonly message: string };

const UNSIGNED_CALL = `GET ${ORDERS_PATH}/o-1 HTTP/1.1\r\nHost: ${PUBLIC_AUTHORITY}\r\n\r\n`;
/** Connections that are being opened at a time: the listen backlog is 512. */
const OPENING_MAX = 250;

let open = 0;
/** They are kept here, or the collector would close them. */
const sockets: Socket[] = [];

process.on('message', (message: HoldOrder | 'count') => {
  if (message === 'count') report({ kind: 'counted', open });
  else hold(message).then(() => report({ kind: 'holding', open }), failed);
});
process.on('disconnect', () => process.exit(0));
// The terminal sends Ctrl-C to the whole group: the benchmark ends this process, not the key.
process.on('SIGINT', () => undefined);

async function hold(order: HoldOrder): Promise<void> {
  // One for all: a context of its own would cost each connection 30 KB here.
  const context = order.tls ? createSecureContext() : undefined;
  while (sockets.length < order.connections) {
    const count = Math.min(OPENING_MAX, order.connections - sockets.length);
    sockets.push(
      ...(await Promise.all(Array.from({ length: count }, () => openOne(order, context)))),
    );
    report({ kind: 'progress', open });
  }
}

/** Resolves when the connection is idle: the handshake is over, and the answer here. */
async function openOne(
  { port, used }: HoldOrder,
  secureContext: SecureContext | undefined,
): Promise<Socket> {
  const to = { port, host: '127.0.0.1' };
  const socket =
    secureContext === undefined
      ? connect(to)
      : // Nothing of worth is sent: the certificate is one of today.
        connectTls({ ...to, secureContext, rejectUnauthorized: false });
  await once(socket, secureContext === undefined ? 'connect' : 'secureConnect');
  if (used) {
    socket.write(UNSIGNED_CALL);
    await once(socket, 'data');
  }
  open++;
  socket.on('error', () => undefined);
  socket.once('close', () => {
    open--;
  });
  // A socket that nobody reads would not see that the gateway closed it.
  socket.resume();
  return socket;
}

function report(message: HoldReport): void {
  process.send!(message);
}

function failed(error: Error): void {
  report({ kind: 'failed', message: error.message });
}
