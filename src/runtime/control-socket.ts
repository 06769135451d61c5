/**
 * How `xingyun reload` reaches the supervisor: a Unix socket in stateDir, which is the gateway's
 * user's alone. A request and its answer are a line of JSON each.
 */
import { rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import type { Replacement } from './supervisor.ts';

/** In stateDir. */
const SOCKET_FILE = 'supervisor.sock';
const RELOAD = '{"command":"reload"}';

export type ReloadAnswer =
  | { readonly isDone: true; readonly pid: number; readonly url: string; readonly startMs: number }
  | { readonly isDone: false; readonly reason: string };

/** Listens for reloads, one connection each. */
export class ControlSocket {
  private readonly path: string;
  private readonly replace: () => Promise<Replacement>;
  private readonly server: Server;
  private readonly sockets = new Set<Socket>();

  private constructor(path: string, replace: () => Promise<Replacement>) {
    this.path = path;
    this.replace = replace;
    this.server = createServer(socket => this.serve(socket));
  }

  /** Call it where no other supervisor uses the folder. @throws Error where it cannot be made */
  static async listen(
    stateDir: string,
    replace: () => Promise<Replacement>,
  ): Promise<ControlSocket> {
    const control = new ControlSocket(join(stateDir, SOCKET_FILE), replace);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    // Of a supervisor that was killed.
    rmSync(control.path, { force: true });
    control.server.once('error', reject);
    control.server.listen(control.path, resolve);
    await promise;
    return control;
  }

  /** Who was answered still hears it; nobody who says nothing keeps this process. */
  close(): void {
    this.server.close();
    rmSync(this.path, { force: true });
    for (const socket of this.sockets) socket.destroySoon();
  }

  private serve(socket: Socket): void {
    this.sockets.add(socket);
    socket.once('close', () => this.sockets.delete(socket));
    // Who asked may leave before the answer.
    socket.on('error', () => undefined);
    socket.setEncoding('utf8');
    socket.once('data', line => void this.answer(socket, String(line).trim()));
  }

  private async answer(socket: Socket, line: string): Promise<void> {
    if (line !== RELOAD) return void socket.destroy();
    const startedMs = performance.now();
    const outcome = await this.replace();
    const answer: ReloadAnswer = outcome.isDone
      ? {
          ...{ isDone: true, pid: outcome.pid, url: outcome.ready.url },
          startMs: Math.round(performance.now() - startedMs),
        }
      : outcome;
    socket.end(`${JSON.stringify(answer)}\n`);
  }
}

/**
 * Asks the supervisor whose gateway has that folder.
 *
 * @throws Error with a `code` of the socket where none listens
 */
export async function askReload(stateDir: string): Promise<ReloadAnswer> {
  const socket = connect(join(stateDir, SOCKET_FILE));
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let text = '';
  socket.setEncoding('utf8');
  socket.on('data', chunk => {
    text += chunk;
  });
  socket.once('error', reject);
  socket.once('end', () => resolve(text));
  socket.write(`${RELOAD}\n`);
  const answer = await promise;
  if (answer === '') return { isDone: false, reason: 'the supervisor has ended' };
  return JSON.parse(answer) as ReloadAnswer;
}
