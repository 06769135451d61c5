/** Processes that are not this one's children, and ports that no connection takes by chance. */
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { probePort } from '../../src/runtime/probe-port.ts';

/** Below the range from which Linux takes ports for outgoing connections. */
const STABLE_PORT_MIN = 10_000;
const STABLE_PORTS = 20_000;

/** A free port that stays free between two starts of a process. */
export async function stablePort(): Promise<number> {
  for (;;) {
    const port = STABLE_PORT_MIN + Math.floor(Math.random() * STABLE_PORTS);
    try {
      return await probePort('127.0.0.1', port, 'port');
    } catch {
      // Taken: another one.
    }
  }
}

/** Whether a process runs. One that has ended and that nobody has waited for does not. */
export function isRunning(pid: number): boolean {
  try {
    const status = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return !/\) [ZX] /.test(status);
  } catch {
    return false;
  }
}

/** Whether a connection to the port can be made. */
export function isListening(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connect({ port, host: '127.0.0.1' }, () => resolve(true));
  socket.on('error', () => resolve(false));
  return promise.finally(() => socket.destroy());
}
