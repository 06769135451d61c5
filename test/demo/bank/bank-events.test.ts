/** What the bank publishes, at a server that stands in for the gateway. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { BankEvent, EventOutbox } from '../../../src/demo/bank/event-outbox.ts';
import { eventually } from '../../support/eventually.ts';
import { CheckedBank } from './checked-bank.ts';

const NOW_MS = Date.UTC(2026, 6, 1);
const TOKEN = 'the-token-of-this-test';
const ORDER = {
  reference: 'R-1',
  fromAccountId: 'acc-nebula-pay-1',
  toAccountId: 'acc-ledgerworks-1',
  amount: { amountMinor: 1_000, currency: 'CNY' },
};
const TRANSFERS = '/transfers/v1/transfers';

let dir: string;
let server: Server;
let url: string;
let tokenFile: string;
let bank: CheckedBank;
let outbox: EventOutbox;
let published: BankEvent[];
/** What the gateway answers next; 200 where there is nothing left. */
let statuses: number[];
let asked: { path: string; authorization: string | undefined }[];

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'xingyun-bank-'));
  tokenFile = join(dir, 'publisher.token');
  writeFileSync(tokenFile, `${TOKEN}\n`);
  [published, statuses, asked] = [[], [], []];
  server = createServer(async (request, response) => {
    const { events } = (await json(request)) as { events: BankEvent[] };
    asked.push({ path: request.url!, authorization: request.headers.authorization });
    const status = statuses.shift() ?? 200;
    if (status === 200) published.push(...events);
    response.writeHead(status).end('{}');
  });
  await new Promise<void>(done => {
    server.listen(0, '127.0.0.1', done);
  });
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/events`;
  bank = await CheckedBank.start({ clock: { wallMs: () => NOW_MS, monotonicMs: () => 0 } });
  outbox = bank.bank.publishTo({ url, tokenFile });
});
afterEach(async () => {
  await bank.bank.close();
  server.closeAllConnections();
  server.close();
  rmSync(dir, { recursive: true });
});

const topics = () => published.map(({ topic, partner }) => `${topic} ${partner}`);

describe('a transfer', () => {
  it('is told to who ordered it, and to both owners as a booking', async () => {
    const { body: transfer } = await bank.call('POST', TRANSFERS, ORDER);
    await eventually(topics).toEqual([
      'account-transactions nebula-pay',
      'account-transactions ledgerworks',
      'transfer-status nebula-pay',
    ]);
    const [debit, credit, status] = published;
    expect(debit).toMatchObject({
      time: '2026-07-01T00:00:00.000Z',
      data: { accountId: 'acc-nebula-pay-1', transaction: { direction: 'debit' } },
    });
    const path = '/accounts/v1/accounts/acc-ledgerworks-1/transactions?limit=1';
    const { body } = await bank.call('GET', path, undefined, 'ledgerworks');
    expect(credit!.data).toEqual({
      accountId: 'acc-ledgerworks-1',
      transaction: body.transactions[0],
    });
    expect(status!.data).toEqual(transfer);
    expect(status!.id).toMatch(/^trf-1:completed:[0-9a-f]{8}$/);
    expect(asked[0]).toEqual({ path: '/v1/events', authorization: `Bearer ${TOKEN}` });
  });

  it('that was carried out before, or is refused, is told to nobody', async () => {
    await bank.call('POST', TRANSFERS, ORDER);
    await bank.call('POST', TRANSFERS, ORDER);
    await bank.call('POST', TRANSFERS, { ...ORDER, reference: 'R-2', toAccountId: 'acc-none' });
    await bank.call('POST', '/sandbox/v1/notices', { title: 'the last' });
    await eventually(() => topics().at(-1)).toBe('notices undefined');
    expect(published).toHaveLength(4);
  });

  it('has ids that no other process of the bank has', async () => {
    const other = await CheckedBank.start();
    other.bank.publishTo({ url, tokenFile });
    await bank.call('POST', TRANSFERS, ORDER);
    await other.call('POST', TRANSFERS, ORDER);
    await eventually(() => published.length).toBe(6);
    expect(new Set(published.map(({ topic, id }) => `${topic} ${id}`)).size).toBe(6);
    await other.bank.close();
  });
});

describe('a drawdown', () => {
  it('is told to the account’s owner alone', async () => {
    const application = {
      invoiceNumber: 'INV-1',
      debtor: 'Qingdao Machinery',
      accountId: 'acc-huatong-supply-1',
      amount: { amountMinor: 5_000, currency: 'CNY' },
      dueOn: '2026-09-30',
    };
    const path = '/invoices/v1/financings';
    const { body } = await bank.call('POST', path, application, 'huatong-supply');
    await bank.call('POST', `${path}/${body.financingId}/drawdown`, undefined, 'huatong-supply');
    await eventually(topics).toEqual(['account-transactions huatong-supply']);
  });
});

describe('a notice', () => {
  it('goes to everyone', async () => {
    const order = { title: 'Maintenance', text: 'On Sunday.' };
    const { status, body } = await bank.call('POST', '/sandbox/v1/notices', order);
    expect([status, body]).toEqual([
      202,
      { noticeId: 'ntc-1', publishedAt: '2026-07-01T00:00:00.000Z', ...order },
    ]);
    await eventually(topics).toEqual(['notices undefined']);
    expect(published[0]!.data).toEqual(body);
  });
});

describe('a gateway that takes nothing', () => {
  it.each([503, 500, 401, 403, 404, 429])('(status %i) is asked again', async status => {
    statuses = [status, status];
    await bank.call('POST', '/sandbox/v1/notices', { title: 'x' });
    await eventually(topics).toEqual(['notices undefined']);
    expect(asked).toHaveLength(3);
    await eventually(() => outbox.length).toBe(0);
  });

  it('or is not there yet, or the token is not, is asked until they are', async () => {
    rmSync(tokenFile);
    await bank.call('POST', '/sandbox/v1/notices', { title: 'x' });
    const { port } = server.address() as AddressInfo;
    server.closeAllConnections();
    await new Promise(done => {
      server.close(done);
    });
    writeFileSync(tokenFile, 'another-token');
    await new Promise<void>(done => {
      server.listen(port, '127.0.0.1', done);
    });
    await eventually(topics).toEqual(['notices undefined']);
    expect(asked.at(-1)!.authorization).toBe('Bearer another-token');
  });

  it.each([400, 413, 422])('because of one event (status %i) gets the others', async status => {
    statuses = [status, 200, status];
    await bank.call('POST', TRANSFERS, ORDER);
    await eventually(topics).toEqual([
      'account-transactions nebula-pay',
      'transfer-status nebula-pay',
    ]);
    expect(outbox.refused).toBe(1);
  });

  it('does not keep the bank from closing', async () => {
    statuses = Array(100).fill(503);
    await bank.call('POST', '/sandbox/v1/notices', { title: 'x' });
    await eventually(() => asked.length).toBeGreaterThan(1);
    await bank.bank.close();
    expect(outbox.length).toBe(1);
  });
});
