import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Answers every call with `{}`, in this process: an upstream for a call now and then. */
export class PlainUpstream {
  private readonly server: Server;

  private constructor(server: Server) {
    this.server = server;
  }

  static async start(): Promise<PlainUpstream> {
    const server = createServer((_, answer) => {
      answer.setHeader('content-type', 'application/json').end('{}');
    });
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    server.once('error', reject).listen(0, '127.0.0.1', resolve);
    await promise;
    return new PlainUpstream(server);
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.server.close(() => resolve());
    this.server.closeAllConnections();
    await promise;
  }
}
