/** The WebSocket that every browser has, without a client library: its backend signs for it. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDemoBank, type DemoBank } from '../../src/demo/bank/index.ts';
import { CHROMIUM, runInPage } from '../support/browser-page.ts';
import { TestGateway } from '../support/gateway.ts';
import { ACCOUNTS } from '../support/partner-traffic.ts';
import { signed } from '../support/rpc-session.ts';

let bank: DemoBank;
let gateway: TestGateway;
beforeAll(async () => {
  bank = await createDemoBank();
  gateway = await TestGateway.start({ upstreamPort: bank.port });
});
afterAll(async () => {
  await gateway?.dispose();
  await bank.close();
});

/** What a page may ask its backend for. */
async function backend(question: unknown): Promise<unknown> {
  if (question === 'sign') return signed(gateway, { path: '/ws' });
  const n = Number(question);
  return gateway.publish([{ topic: 'notices', id: `notice-${n}`, data: { n } }]);
}

/** Everything that the pages below need, in what a browser brings. */
const SESSION = `
  const base64url = text =>
    btoa(text).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
  const open = fields => {
    const carried = ['signature-input', 'signature'].map(
      name => 'xingyun.' + name + '.' + base64url(fields[name]),
    );
    const socket = new WebSocket(input.url, ['xingyun.v1+json', ...carried]);
    const waiting = new Map();
    const events = [];
    let wake = () => {};
    socket.onmessage = ({ data }) => {
      const message = JSON.parse(data);
      if (message.method === 'event') events.push(message.params), wake();
      else waiting.get(message.id)(message);
    };
    const call = (method, params) => new Promise(resolve => {
      const id = waiting.size + 1;
      waiting.set(id, resolve);
      socket.send(JSON.stringify({ jsonrpc: '2.0', id, method, params }));
    });
    const nextEvent = async () => {
      while (events.length === 0) await new Promise(resolve => { wake = resolve; });
      return events.shift();
    };
    const closed = new Promise(resolve => { socket.onclose = resolve; });
    const opened = new Promise((resolve, reject) => {
      socket.onopen = resolve;
      socket.onerror = () => reject(new Error('refused'));
    });
    return opened.then(() => ({ socket, call, nextEvent, closed }));
  };
`;

const CALLS = `${SESSION}
  const session = await open(await ask('sign'));
  const listed = await session.call('call', { method: 'GET', path: input.path });
  const sent = await session.call('sandbox.postEcho', { body: { text: '星云' } });
  const refused = await session.call('accounts.nothing', {});
  session.socket.close(1000);
  const { code, wasClean } = await session.closed;
  return {
    protocol: session.socket.protocol,
    listed: listed.result.status,
    bytes: sent.result.body.body.bytes,
    refused: refused.error.data.code,
    code,
    wasClean,
  };
`;

const EVENTS = `${SESSION}
  const first = await open(await ask('sign'));
  await first.call('subscribe', { topic: 'notices' });
  await ask(1);
  const { cursor, data } = await first.nextEvent();
  first.socket.close();
  await first.closed;
  await ask(2);
  await ask(3);
  const second = await open(await ask('sign'));
  const { result } = await second.call('subscribe', { topic: 'notices', after: cursor });
  const numbers = [data.n, (await second.nextEvent()).data.n, (await second.nextEvent()).data.n];
  await ask(4);
  numbers.push((await second.nextEvent()).data.n);
  second.socket.close();
  return { numbers, resumedAt: result.cursor === cursor };
`;

const REPLAY = `${SESSION}
  const fields = await ask('sign');
  const first = await open(fields);
  first.socket.close();
  return open(fields).then(() => 'opened', ({ message }) => message);
`;

describe('a page', () => {
  const run = (page: string) => {
    const input = { url: `${gateway.url.replace('http', 'ws')}/ws`, path: ACCOUNTS };
    return runInPage(page, input, { ask: backend });
  };

  // Without Debian's package chromium there is no browser to ask.
  it.skipIf(CHROMIUM === undefined)(
    'calls over its own WebSocket, with the signature in subprotocols',
    async () => {
      expect(await run(CALLS)).toEqual({
        protocol: 'xingyun.v1+json',
        listed: 200,
        bytes: Buffer.byteLength('{"text":"星云"}'),
        refused: 'not-found',
        code: 1000,
        wasClean: true,
      });
    },
    60_000,
  );

  // Without Debian's package chromium there is no browser to ask.
  it.skipIf(CHROMIUM === undefined)(
    'subscribes, and resumes behind its cursor on another session',
    async () => {
      expect(await run(EVENTS)).toEqual({ numbers: [1, 2, 3, 4], resumedAt: true });
    },
    60_000,
  );

  // Without Debian's package chromium there is no browser to ask.
  it.skipIf(CHROMIUM === undefined)(
    'gets one session for one signature',
    async () => {
      expect(await run(REPLAY)).toBe('refused');
    },
    60_000,
  );
});
