/** What node:http and undici make of the same bytes, through a real socket. */
import http from 'node:http';
import net from 'node:net';
import { Client } from 'undici';

export interface OracleAnswer {
  readonly status: number;
  /** Flat, names in lower case, values as latin1. */
  readonly headers: readonly string[];
  /** latin1 */
  readonly body: string;
}

/** The answer, or the error's code or message. */
export type OracleResult = OracleAnswer | string;

/** Answers each connection's first request with the bytes it is told, and closes. */
export class WireServer {
  wire: Buffer = Buffer.alloc(0);
  private readonly server = net.createServer(socket => {
    socket.on('error', () => socket.destroy());
    socket.once('data', () => socket.end(this.wire));
  });

  async listen(): Promise<number> {
    await new Promise<void>(resolve => this.server.listen(0, '127.0.0.1', resolve));
    return (this.server.address() as net.AddressInfo).port;
  }

  close(): Promise<void> {
    return new Promise(resolve => this.server.close(() => resolve()));
  }
}

export function askNodeHttp(port: number, head: boolean): Promise<OracleResult> {
  return new Promise(resolve => {
    const request = http.request({
      host: '127.0.0.1',
      port,
      method: head ? 'HEAD' : 'GET',
      agent: false,
    });
    const fail = (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message);
    request.on('error', fail);
    request.on('upgrade', (_response, socket) => {
      socket.destroy();
      resolve('upgrade');
    });
    request.on('response', response => {
      const chunks: Buffer[] = [];
      response.on('error', fail);
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () =>
        resolve({
          status: response.statusCode!,
          headers: response.rawHeaders.map((text, i) => (i % 2 === 0 ? text.toLowerCase() : text)),
          body: Buffer.concat(chunks).toString('latin1'),
        }),
      );
    });
    request.end();
  });
}

export async function askUndici(port: number, head: boolean): Promise<OracleResult> {
  const client = new Client(`http://127.0.0.1:${port}`, { allowH2: false });
  try {
    const response = await client.request({
      path: '/',
      method: head ? 'HEAD' : 'GET',
      responseHeaders: 'raw',
    });
    const body = Buffer.from(await response.body.arrayBuffer()).toString('latin1');
    const raw = response.headers as unknown as (string | Buffer)[];
    return {
      status: response.statusCode,
      headers: raw.map((text, i) => {
        const latin1 = typeof text === 'string' ? text : text.toString('latin1');
        // undici leaves the blanks after a value, which RFC 9110 section 5.5 excludes from it.
        return i % 2 === 0 ? latin1.toLowerCase() : latin1.replace(/[ \t]+$/, '');
      }),
      body,
    };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return code ?? message;
  } finally {
    await client.destroy();
  }
}
