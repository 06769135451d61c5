/** `/v1/live` over real sockets. */
import { generateKeyPairSync } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import WebSocket from 'ws';
import { RequestSigner } from '../../../src/client/request-signer.ts';
import { defaultConfig } from '../../../src/control-plane/config/index.ts';
import { LiveFeed } from '../../../src/control-plane/console/live-feed.ts';
import {
  type Operator,
  OperatorDirectory,
} from '../../../src/control-plane/operators/operator-directory.ts';
import { createOperatorCheck } from '../../../src/data-plane/compose-operator-check.ts';
import { FrameComposer } from '../../../src/telemetry/history/frame-composer.ts';
import { SomeTraffic } from '../../telemetry/history/some-traffic.ts';
import { AdminUnderTest, CONFIG_ADMIN, tokenOf } from '../admin/admin-fixture.ts';

/** After so many a viewer is asked again whether it may watch. */
const FRAMES = 30;

const open: WebSocket[] = [];
afterEach(() => {
  for (const socket of open.splice(0)) socket.terminate();
});

/** A listener that shows figures to nobody unknown, and an operator who signs. */
async function start() {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const material = publicKey.export({ type: 'spki', format: 'der' });
  const sina: Operator = {
    ...{ id: 'sina', roles: ['viewer'], tokenDigest: undefined, notAfterMs: Infinity },
    keys: [{ id: 'sina-1', operatorId: 'sina', algorithm: 'ed25519', material }],
  };
  let operators: readonly Operator[] = [sina];
  const traffic = new SomeTraffic();
  const composer = new FrameComposer({
    ...{ reader: traffic.reader, pools: new Map() },
    restarts: () => [0],
  });
  const feed = new LiveFeed({ version: '1.2.3', startedAtMs: 7 });
  const checks: { current?: ReturnType<typeof createOperatorCheck> } = {};
  const admin = await AdminUnderTest.start({
    listener: {
      feed,
      config: { ...CONFIG_ADMIN, tokenFile: 'admin.token' },
      operators: () => new OperatorDirectory(operators, tokenOf('admin')),
      // The port is known when the listener is there.
      signedRequests: {
        isSigned: head => checks.current!.isSigned(head),
        check: (...asked) => checks.current!.check(...asked),
      },
    },
  });
  const { clock } = admin;
  const listener = { host: '127.0.0.1', port: admin.listener.port };
  checks.current = createOperatorCheck({
    ...{ listener, clock, signatures: defaultConfig().config.signatures },
  });
  clock.pass(1_000);
  const signer = new RequestSigner({ keyId: 'sina-1', algorithm: 'ed25519', privateKey }, clock);
  return {
    sign: () => signer.sign({ method: 'GET', targetUri: `${admin.url}/v1/live` }),
    tick: () => {
      for (let n = 1; n <= FRAMES; n += 1) feed.push(composer.compose(traffic.sampler.sample(n)));
    },
    dismiss: () => {
      operators = [];
    },
    watch: (headers: Readonly<Record<string, string>>) => watch(`${admin.url}/v1/live`, headers),
  };
}

async function watch(url: string, headers: Readonly<Record<string, string>>) {
  const socket = new WebSocket(url.replace('http', 'ws'), { headers });
  open.push(socket);
  const seen = { messages: 0, closed: 0 };
  socket.on('message', () => {
    seen.messages += 1;
  });
  socket.on('close', code => {
    seen.closed = code;
  });
  await expect.poll(() => seen.messages).toBe(1);
  return { socket, seen };
}

describe('a viewer who signed', () => {
  it('stays as long as the operator may come in, though its nonce counts once', async () => {
    const { sign, tick, dismiss, watch } = await start();
    const { seen } = await watch({ ...sign() });
    tick();
    await expect.poll(() => seen.messages).toBe(1 + FRAMES);
    expect(seen.closed).toBe(0);
    dismiss();
    tick();
    await expect.poll(() => seen.closed).toBe(1_008);
  });
});
