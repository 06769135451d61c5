/** The sockets of all connections: nothing else ends one that nobody answers. */
import { Socket } from 'node:net';

export class OpenSockets {
  private readonly sockets = new Set<Socket>();

  open(): Socket {
    const socket = new Socket();
    this.sockets.add(socket);
    socket.once('close', () => this.sockets.delete(socket));
    return socket;
  }

  destroy(): void {
    for (const socket of this.sockets) socket.destroy();
  }
}
