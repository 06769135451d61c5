/** A way to a database that goes dead at the next COMMIT, or goes silent and looks alive. */

import type { AddressInfo } from 'node:net';
import { connect, createServer, type Server, type Socket } from 'node:net';

export class CuttingProxy {
  /**
   * What becomes of the next COMMIT: the server never has it, has it and cannot answer, or has it
   * only when {@link deliver} is called, long after its client has gone.
   */
  cut: 'never' | 'before-commit' | 'after-commit' | 'late-commit' = 'never';
  /** Whose bytes are lost from then on, in both directions. */
  silent: 'nobody' | 'listening' | 'everybody' = 'nobody';
  /** Hands the server the COMMIT that is late. */
  deliver: () => void = () => undefined;
  private readonly server: Server;
  private readonly sockets = new Set<Socket>();

  private constructor(serverPort: number) {
    // A client that ends is not answered by a way that is silent.
    this.server = createServer({ allowHalfOpen: true }, client => this.carry(client, serverPort));
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
    let isCut = false;
    let isLate = false;
    let isListening = false;
    const isSilent = () =>
      this.silent === 'everybody' || (this.silent === 'listening' && isListening);
    for (const socket of [client, upstream]) {
      this.sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('end', () => isSilent() || socket.end());
      socket.on('close', () => {
        client.destroy();
        if (!isLate) upstream.destroy();
      });
    }
    client.on('data', bytes => {
      isListening ||= bytes.includes('LISTEN');
      if (isSilent()) return;
      isCut ||= this.cut !== 'never' && bytes.includes('commit\0');
      if (!isCut || this.cut === 'after-commit') upstream.write(bytes);
      else {
        isLate = this.cut === 'late-commit';
        if (isLate) this.deliver = () => upstream.end(bytes);
        client.destroy();
      }
    });
    upstream.on('data', bytes => {
      if (isSilent()) return;
      // The answer to the COMMIT: the client never sees it.
      if (isCut) client.destroy();
      else client.write(bytes);
    });
  }
}
