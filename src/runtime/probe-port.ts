/** Finds out whether a listener may have its port, before threads share it with SO_REUSEPORT. */
import { createServer } from 'node:net';

/**
 * The port that listeners may share: `port` itself, or a free one for 0. A front's own listen would
 * succeed beside another process on the same port, so an exclusive bind has to ask first.
 *
 * @throws Error with the way out as its message, when the port is taken or may not be bound.
 */
export async function probePort(host: string, port: number, option: string): Promise<number> {
  const server = createServer();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen({ host, port, exclusive: true }, resolve);
  try {
    await promise;
  } catch (error) {
    throw new Error(explain(error as NodeJS.ErrnoException, host, port, option));
  }
  const address = server.address();
  await new Promise<void>(done => {
    server.close(() => done());
  });
  return address !== null && typeof address === 'object' ? address.port : port;
}

function explain(error: NodeJS.ErrnoException, host: string, port: number, option: string): string {
  const where = `${host}:${port}`;
  switch (error.code) {
    case 'EADDRINUSE':
      return `${where} is taken by another process: stop it, or set ${option} to another port.`;
    case 'EACCES':
      return `${where} may not be bound by this user: set ${option} to a port above 1023.`;
    case 'EADDRNOTAVAIL':
      return `${host} is not an address of this host: correct the host beside ${option}.`;
    default:
      return `${where} cannot be bound (${error.code}): correct ${option}.`;
  }
}
