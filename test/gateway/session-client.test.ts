/** The partner's client over sessions of a real gateway, with the demo's bank behind it. */
import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { type ConnectOptions, connect, JsonText, type Session } from '../../src/client/index.ts';
import { createDemoBank, type DemoBank } from '../../src/demo/bank/index.ts';
import { CHROMIUM, runInPage } from '../support/browser-page.ts';
import { eventually } from '../support/eventually.ts';
import { TestGateway } from '../support/gateway.ts';

const ACCOUNT = 'acc-nebula-pay-1';
const ED25519 = 'creditlens-ed25519';

let bank: DemoBank;
let gateway: TestGateway;
const sessions: Session[] = [];
beforeAll(async () => {
  bank = await createDemoBank();
  gateway = await TestGateway.start({ upstreamPort: bank.port });
});
afterAll(async () => {
  await gateway?.dispose();
  await bank.close();
});
afterEach(async () => {
  await Promise.all(sessions.splice(0).map(session => session.close()));
});

async function open(options: Partial<ConnectOptions> & { key?: string } = {}): Promise<Session> {
  const { key, ...others } = options;
  const reconnect = { backoffMs: 20, backoffMaxMs: 200 };
  const baseUrl = gateway.url;
  const session = await connect({ ...gateway.credentials(key), baseUrl, reconnect, ...others });
  sessions.push(session);
  return session;
}

/** The next start listens where this one does. */
function keepPort(): void {
  const { configFile } = gateway.files;
  const config = parse(readFileSync(configFile, 'utf8'));
  config.listener.port = gateway.port;
  writeFileSync(configFile, stringify(config));
}

let transfers = 0;
function transfer() {
  return {
    reference: `session-${++transfers}`,
    fromAccountId: ACCOUNT,
    toAccountId: 'acc-ledgerworks-1',
    amount: { amountMinor: 1_000, currency: 'CNY' },
  };
}

function notices(from: number, to: number) {
  const numbers = Array.from({ length: to - from + 1 }, (_, n) => from + n);
  return numbers.map(n => ({ topic: 'notices', id: `notice-${n}`, data: { n } }));
}

describe.each(['json', 'msgpack'] as const)('a session with %s', subprotocol => {
  it('calls an operation by its id, and by method and path', async () => {
    const session = await open({ subprotocol });
    const byId = await session.call('accounts.getBalances', { path: { accountId: ACCOUNT } });
    expect(byId).toMatchObject({ status: 200, body: { balances: expect.anything() } });
    const path = '/accounts/v1/accounts?limit=2';
    const byPath = await session.request('GET', path);
    expect(byPath.body).toEqual(await gateway.client().request('GET', path));
  });

  it('signs the message of an operation that wants it', async () => {
    const session = await open({ subprotocol });
    const path = '/transfers/v1/transfers';
    await expect(session.request('POST', path, transfer())).rejects.toMatchObject({
      code: 'signature-missing',
      status: 401,
    });
    const text = JSON.stringify(transfer()).replaceAll(':', ' : ');
    for (const body of [transfer(), new JsonText(text)]) {
      const { status } = await session.request('POST', path, body, { sign: true });
      expect(status).toBe(201);
    }
  });

  it('rejects with the problems of the gateway and of the bank', async () => {
    const session = await open({ subprotocol });
    await expect(session.call('accounts.nothing')).rejects.toMatchObject({ code: 'not-found' });
    const unknown = { path: { accountId: 'acc-nobody' } };
    const refused = session.call('accounts.getBalances', unknown);
    await expect(refused).rejects.toMatchObject({ status: 404 });
    await expect(session.request('GET', '/accounts/v1/%61ccounts')).rejects.toMatchObject({
      code: 'malformed-request',
    });
  });

  it('takes a batch, a notification and a cancellation', async () => {
    const session = await open({ subprotocol });
    const outcomes = await session.batch([
      { operation: 'accounts.getBalances', path: { accountId: ACCOUNT } },
      { operation: 'accounts.nothing' },
      { method: 'GET', path: '/accounts/v1/accounts' },
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    await session.notify({ method: 'POST', path: '/sandbox/v1/notices', body: { title: 'x' } });
    const controller = new AbortController();
    const options = { signal: controller.signal };
    const slow = session.request('GET', '/sandbox/v1/echo?demo-delay-ms=5000', undefined, options);
    controller.abort(new Error('enough'));
    await expect(slow).rejects.toThrow('enough');
    const late = session.request('GET', '/sandbox/v1/echo?demo-delay-ms=5000', undefined, {
      deadlineMs: 50,
    });
    await expect(late).rejects.toMatchObject({ code: 'deadline-exceeded', status: 504 });
  });
});

describe('events', () => {
  it('come in order, and behind a cursor after the gateway was killed', async () => {
    const session = await open();
    const subscription = session.subscribe<{ n: number }>('notices');
    await subscription.started;
    await gateway.publish(notices(1, 20));
    const numbers: number[] = [];
    for (let n = 1; n <= 10; n++) numbers.push((await subscription.next()).value!.data.n);
    keepPort();
    await gateway.end('SIGKILL');
    await gateway.boot();
    await gateway.publish(notices(21, 40));
    for (let n = 11; n <= 40; n++) numbers.push((await subscription.next()).value!.data.n);
    expect(numbers).toEqual(Array.from({ length: 40 }, (_, n) => n + 1));
    expect(session.counters.reconnects).toBe(1);
  });

  it('come all, and in order, to a consumer that calls for each of them', async () => {
    const session = await open({ limits: { eventsWaitingMax: 16 } });
    const subscription = session.subscribe<{ n: number }>('notices');
    await subscription.started;
    await gateway.publish(notices(1_001, 1_300));
    let expected = 1_001;
    for await (const { data } of subscription) {
      expect(data.n).toBe(expected++);
      await session.call('accounts.listAccounts');
      if (data.n === 1_300) break;
    }
    expect(session.counters.parkings).toBeGreaterThan(0);
  });

  it('are refused to who is not entitled', async () => {
    const session = await open({ key: ED25519 });
    const subscription = session.subscribe('transfer-status');
    await expect(subscription.next()).rejects.toMatchObject({ code: 'not-subscribed' });
  });

  it('do not begin behind a cursor of another journal', async () => {
    const session = await open();
    const subscription = session.subscribe('notices', { after: '00000000.1' });
    await expect(subscription.next()).rejects.toMatchObject({ code: 'cursor-expired' });
    const lenient = session.subscribe('notices', { after: '00000000.1', onGap: 'continue' });
    await eventually(() => lenient.gaps).toBe(1);
  });
});

describe('a gateway that drains', () => {
  it('answers what is in flight, and the session goes on with the next one', async () => {
    const changes: string[] = [];
    const session = await open({ onChange: ({ kind }) => changes.push(kind) });
    const path = '/sandbox/v1/echo?demo-delay-ms=500';
    const slow = session.request('POST', path, { a: 1 });
    keepPort();
    const ended = gateway.end('SIGTERM');
    expect((await slow).status).toBe(200);
    expect(await ended).toBe(0);
    expect(changes).toContain('moving');
    const waiting = session.request('POST', '/sandbox/v1/echo', { a: 2 });
    await gateway.boot();
    expect((await waiting).status).toBe(200);
    expect(session.counters).toMatchObject({ callsSent: 2, callsRepeated: 0 });
  });
});

describe('the end of a session', () => {
  it('is the problem of its handshake', async () => {
    await expect(open({ keyId: 'nobody' })).rejects.toMatchObject({
      code: 'key-unknown',
      status: 401,
    });
    const path = '/accounts/v1/accounts';
    await expect(open({ path })).rejects.toThrow();
  });

  it('is the problem of what it lost', async () => {
    const session = await open({ key: ED25519 });
    gateway.changeRegistry(registry => {
      const keys = registry.keys as { id: string; revoked?: boolean }[];
      keys.find(({ id }) => id === ED25519)!.revoked = true;
    });
    gateway.process!.kill('SIGHUP');
    expect(await session.ended).toMatchObject({ code: 'key-inactive', status: 401 });
    await expect(session.call('accounts.listAccounts')).rejects.toMatchObject({
      code: 'key-inactive',
    });
  });
});

describe('a page', () => {
  // Without Debian's package chromium there is no browser to ask.
  it.skipIf(CHROMIUM === undefined)(
    'calls, signs, subscribes and resumes',
    async () => {
      const { keyId, algorithm, privateKey } = gateway.credentials();
      const input = { baseUrl: gateway.url, identity: { keyId, algorithm, privateKey } };
      const body = transfer();
      const ask = async (question: unknown) => {
        const [from, to] = question as [number, number];
        return gateway.publish(notices(from, to));
      };
      const result = await runInPage(PAGE, { ...input, body }, { ask });
      expect(result).toEqual({ status: 201, numbers: [101, 102, 103, 104] });
    },
    60_000,
  );
});

const PAGE = `
  const { baseUrl, identity, body } = input;
  const signer = await client.createWebCryptoSigner(identity);
  const first = await client.connect({ baseUrl, signer });
  const path = '/transfers/v1/transfers';
  const { status } = await first.request('POST', path, body, { sign: true });
  const numbers = [];
  const events = first.subscribe('notices');
  await events.started;
  await ask([101, 102]);
  numbers.push((await events.next()).value.data.n);
  const { cursor } = events;
  await first.close();
  await ask([103, 104]);
  const second = await client.connect({ baseUrl, signer });
  for await (const { data } of second.subscribe('notices', { after: cursor })) {
    numbers.push(data.n);
    if (data.n === 104) break;
  }
  await second.close();
  return { status, numbers };
`;
