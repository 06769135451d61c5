/** A raw HTTP server for tests of the generator; what it answers, and when, the test says. */
import { createServer, type Server, type Socket } from 'node:net';

export interface FakeServer {
  readonly port: number;
  /** Requests that have arrived. */
  readonly requests: () => number;
  /** Connections that are open. */
  readonly sockets: () => Socket[];
  close(): Promise<void>;
}

export const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok';

/** `answer` is called for each whole request; `number` counts them from 0 over all connections. */
export async function startFakeServer(
  answer: (socket: Socket, number: number) => void,
): Promise<FakeServer> {
  const sockets = new Set<Socket>();
  let requests = 0;
  const server = createServer({ noDelay: true }, socket => {
    sockets.add(socket);
    let text = '';
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
    socket.on('data', bytes => {
      text += bytes.toString('latin1');
      if (!text.endsWith('\r\n\r\n')) return;
      text = '';
      answer(socket, requests++);
    });
  });
  await listening(server);
  return {
    port: (server.address() as { port: number }).port,
    requests: () => requests,
    sockets: () => [...sockets],
    close: () => {
      const { promise, resolve } = Promise.withResolvers<void>();
      server.close(() => resolve());
      for (const socket of sockets) socket.destroy();
      return promise;
    },
  };
}

function listening(server: Server): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(0, '127.0.0.1', () => resolve());
  return promise;
}
