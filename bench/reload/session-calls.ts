/** Sessions of the client library that call without a pause, whatever becomes of the gateway. */
import { connect as connectSocket } from 'node:net';
import { connect, type Session } from '../../src/client/index.ts';
import { nodeSockets } from '../../src/client/session/node-socket.ts';
import { benchKey, benchKeyId } from '../rig/bench-folder.ts';
import { ORDERS_PATH, PUBLIC_AUTHORITY } from '../rig/gateway-files.ts';

const PATH = `${ORDERS_PATH}/o-1`;
const PAUSE_MS = 20;

export class SessionCalls {
  calls = 0;
  readonly failures: Record<string, number> = {};
  private readonly sessions: readonly Session[];
  private readonly loops: readonly Promise<void>[];
  private isRunning = true;

  private constructor(sessions: readonly Session[]) {
    this.sessions = sessions;
    this.loops = sessions.map(session => this.loop(session));
  }

  get lost(): number {
    return Object.values(this.failures).reduce((sum, count) => sum + count, 0);
  }

  static async start(port: number, count: number): Promise<SessionCalls> {
    const { algorithm, privateText } = benchKey('hmac');
    const keyId = benchKeyId('hmac', 0);
    const options = {
      ...{ keyId, algorithm, privateKey: privateText, baseUrl: `http://${PUBLIC_AUTHORITY}` },
      // The name in the signatures is in no directory.
      openSocket: nodeSockets({
        createConnection: () => connectSocket(port, '127.0.0.1'),
      } as object),
    };
    return new SessionCalls(
      await Promise.all(Array.from({ length: count }, () => connect(options))),
    );
  }

  async stop(): Promise<void> {
    this.isRunning = false;
    await Promise.all(this.loops);
    await Promise.all(this.sessions.map(session => session.close()));
  }

  private async loop(session: Session): Promise<void> {
    while (this.isRunning) {
      this.calls += 1;
      try {
        await session.request('GET', PATH);
      } catch (error) {
        const { code = 'unknown' } = error as { readonly code?: string };
        this.failures[code] = (this.failures[code] ?? 0) + 1;
      }
      await new Promise(resolve => setTimeout(resolve, PAUSE_MS));
    }
  }
}
