/** A gateway that issues tokens: its issuer is its own URL, so that its port is known before. */
import { createServer } from 'node:net';
import type { Config } from '../../src/core/config.ts';
import { type GatewayOptions, TestGateway } from './gateway.ts';

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>(done => probe.listen(0, '127.0.0.1', done));
  const { port } = probe.address() as { port: number };
  await new Promise(done => probe.close(done));
  return port;
}

export async function startAuthorizing(
  options: Omit<GatewayOptions, 'config'>,
  authorization: Partial<Config['authorization']> = {},
  more: GatewayOptions['config'] = {},
) {
  const port = await freePort();
  const scheme = more.listener?.tls === undefined ? 'http' : 'https';
  const issuer = `${scheme}://127.0.0.1:${port}`;
  const gateway = await TestGateway.start({
    ...options,
    config: {
      ...more,
      listener: { ...more.listener, port },
      authorization: { issuer, ...authorization },
    },
  });
  return { gateway, issuer };
}
