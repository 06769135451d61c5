import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DEMO_PARTNERS } from '../../../src/demo/partners.ts';
import { CheckedBank } from './checked-bank.ts';

const ACCOUNT = '/accounts/v1/accounts/acc-nebula-pay-1';
let bank: CheckedBank;

beforeAll(async () => {
  bank = await CheckedBank.start();
});
afterAll(() => bank.bank.close());

interface Shown {
  readonly transactionId: string;
  readonly bookedAt: string;
}

async function readAll(query: string): Promise<Shown[]> {
  const all: Shown[] = [];
  let cursor = '';
  do {
    const { body } = await bank.call('GET', `${ACCOUNT}/transactions?${query}${cursor}`);
    all.push(...body.transactions);
    cursor = body.nextCursor === undefined ? '' : `&cursor=${body.nextCursor}`;
  } while (cursor !== '');
  return all;
}

describe('accounts', () => {
  it.each(DEMO_PARTNERS)('$id sees its own and no others', async ({ id }) => {
    const { body } = await bank.call('GET', '/accounts/v1/accounts', undefined, id);
    const ids = body.accounts.map((account: { accountId: string }) => account.accountId);
    expect(ids).toEqual([1, 2, 3].map(number => `acc-${id}-${number}`));
    const foreign = DEMO_PARTNERS.find(partner => partner.id !== id)!;
    for (const path of ['', '/balances', '/transactions']) {
      const url = `/accounts/v1/accounts/acc-${foreign.id}-1${path}`;
      const answer = await bank.call('GET', url, undefined, id);
      expect([answer.status, answer.body.code]).toEqual([404, 'resource-unknown']);
    }
  });

  it('of the bank itself are shown to nobody', async () => {
    const answer = await bank.call('GET', '/accounts/v1/accounts/house-cny');
    expect(answer.status).toBe(404);
  });

  it('an unknown partner has none', async () => {
    const { body } = await bank.call('GET', '/accounts/v1/accounts', undefined, 'nobody');
    expect(body.accounts).toEqual([]);
  });

  it('show one account and its balances', async () => {
    const one = await bank.call('GET', ACCOUNT);
    expect(one.body).toMatchObject({ accountId: 'acc-nebula-pay-1', currency: 'CNY' });
    const { body } = await bank.call('GET', `${ACCOUNT}/balances`);
    const newest = await bank.call('GET', `${ACCOUNT}/transactions?limit=1`);
    expect(body.balances[0].amount).toEqual(newest.body.transactions[0].balanceAfter);
  });

  it('start the same every time', async () => {
    const other = await CheckedBank.start();
    const path = `${ACCOUNT}/transactions?limit=100`;
    const [first, second] = [await bank.call('GET', path), await other.call('GET', path)];
    expect(second.body).toEqual(first.body);
    await other.bank.close();
  });
});

describe('transactions', () => {
  it.each([1, 7, 100])('pages of %i give each of them once, the newest first', async limit => {
    const all = await readAll(`limit=${limit}`);
    expect(all.length).toBeGreaterThan(100);
    expect(new Set(all.map(({ transactionId }) => transactionId)).size).toBe(all.length);
    const times = all.map(({ bookedAt }) => bookedAt);
    expect(times).toEqual([...times].sort().reverse());
  });

  it('are filtered by day, both days included', async () => {
    const all = await readAll('limit=100');
    const days = ['2026-05-03', '2026-05-20'] as const;
    const kept = await readAll(`limit=5&from=${days[0]}&to=${days[1]}`);
    const expected = all.filter(({ bookedAt }) => {
      const day = bookedAt.slice(0, 10);
      return day >= days[0] && day <= days[1];
    });
    expect(kept).toEqual(expected);
    expect(kept.some(({ bookedAt }) => bookedAt.startsWith(days[0]))).toBe(true);
    expect(kept.some(({ bookedAt }) => bookedAt.startsWith(days[1]))).toBe(true);
  });

  it('keep their pages while new ones arrive', async () => {
    const first = await bank.call('GET', `${ACCOUNT}/transactions?limit=3`);
    await bank.call('POST', '/transfers/v1/transfers', {
      reference: 'while-paging',
      fromAccountId: 'acc-nebula-pay-1',
      toAccountId: 'acc-nebula-pay-2',
      amount: { amountMinor: 1, currency: 'CNY' },
    });
    const path = `${ACCOUNT}/transactions?limit=3&cursor=${first.body.nextCursor}`;
    const second = await bank.call('GET', path);
    const ids = [...first.body.transactions, ...second.body.transactions].map(
      ({ transactionId }) => transactionId,
    );
    expect(new Set(ids).size).toBe(6);
  });

  it.each([
    'limit=0',
    'limit=101',
    'limit=1e1',
    'limit=',
    'limit=1&limit=2',
    'from=2026-02-30',
    'to=yesterday',
    'cursor=nonsense',
    'cursor=',
  ])('refuse %s', async query => {
    const { status, body } = await bank.call('GET', `${ACCOUNT}/transactions?${query}`);
    expect([status, body.code]).toEqual([400, 'parameter-invalid']);
  });
});

describe('whoever does not come through the gateway', () => {
  it('is refused everywhere', async () => {
    for (const path of ['/accounts/v1/accounts', '/sandbox/v1/echo', '/nowhere']) {
      const response = await fetch(bank.url(path));
      expect(response.status).toBe(401);
      expect(await response.json()).toMatchObject({ code: 'partner-missing' });
    }
  });
});

it('an operation that does not exist is a problem too', async () => {
  const headers = { 'x-xingyun-partner': 'nebula-pay', 'x-request-id': 'req-7' };
  const response = await fetch(bank.url('/nowhere'), { headers });
  expect(await response.json()).toMatchObject({ code: 'resource-unknown', requestId: 'req-7' });
});
