/** A way to a database that goes dead at the next COMMIT, before or after the server has it. */

import type { AddressInfo } from 'node:net';
import { connect, createServer, type Server, type Socket } from 'node:net';

export class CuttingProxy {
  cut: 'never' | 'before-commit' | 'after-commit' = 'never';
  private readonly server: Server;
  private readonly sockets = new Set<Socket>();

  private constructor(serverPort: number) {
    this.server = createServer(client => this.carry(client, serverPort));
  }

  static async start(serverPort: number): Promise<CuttingProxy> {
    const proxy = new CuttingProxy(serverPort);
    await new Promise<void>(resolve => proxy.server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  close(): void {
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
  }

  private carry(client: Socket, serverPort: number): void {
    const upstream = connect(serverPort, '127.0.0.1');
    for (const socket of [client, upstream]) {
      this.sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        client.destroy();
        upstream.destroy();
      });
    }
    let isCut = false;
    client.on('data', bytes => {
      isCut ||= this.cut !== 'never' && bytes.includes('commit\0');
      if (isCut && this.cut === 'before-commit') client.destroy();
      else upstream.write(bytes);
    });
    upstream.on('data', bytes => {
      // The answer to the COMMIT: the client never sees it.
      if (isCut) client.destroy();
      else client.write(bytes);
    });
  }
}
