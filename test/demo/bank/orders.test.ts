import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BankProblem } from '../../../src/demo/bank/bank-problem.ts';
import { FinancingBook } from '../../../src/demo/bank/financing-book.ts';
import { CURRENCIES, TRANSACTIONS_PER_ACCOUNT_MAX } from '../../../src/demo/bank/ledger.ts';
import { seedLedger } from '../../../src/demo/bank/seed-ledger.ts';
import { TRANSFERS_MAX, TransferBook } from '../../../src/demo/bank/transfer-book.ts';
import { DEMO_PARTNERS } from '../../../src/demo/partners.ts';
import { CheckedBank } from './checked-bank.ts';

const NOW_MS = Date.UTC(2026, 6, 1);
const clock = { wallMs: () => NOW_MS, monotonicMs: () => 0 };
const ORDER = {
  reference: 'R-1',
  fromAccountId: 'acc-nebula-pay-1',
  toAccountId: 'acc-ledgerworks-1',
  amount: { amountMinor: 1_000, currency: 'CNY' },
};
const APPLICATION = {
  invoiceNumber: 'INV-1',
  debtor: 'Qingdao Machinery',
  accountId: 'acc-nebula-pay-1',
  amount: { amountMinor: 5_000, currency: 'CNY' },
  dueOn: '2026-09-30',
};
const TRANSFERS = '/transfers/v1/transfers';
const FINANCINGS = '/invoices/v1/financings';

let bank: CheckedBank;
beforeAll(async () => {
  bank = await CheckedBank.start({ clock });
});
afterAll(() => bank.bank.close());

async function balance(accountId: string, partner: string): Promise<number> {
  const path = `/accounts/v1/accounts/${accountId}/balances`;
  return (await bank.call('GET', path, undefined, partner)).body.balances[0].amount.amountMinor;
}

describe('transfers', () => {
  it('move the amount once, however often they are sent', async () => {
    const before = await balance('acc-nebula-pay-1', 'nebula-pay');
    const target = await balance('acc-ledgerworks-1', 'ledgerworks');
    const first = await bank.call('POST', TRANSFERS, ORDER);
    const again = await bank.call('POST', TRANSFERS, ORDER);
    expect([first.status, again.status]).toEqual([201, 200]);
    expect(again.body).toEqual(first.body);
    expect(await balance('acc-nebula-pay-1', 'nebula-pay')).toBe(before - 1_000);
    expect(await balance('acc-ledgerworks-1', 'ledgerworks')).toBe(target + 1_000);
    const location = first.headers.get('location')!;
    expect((await bank.call('GET', location)).body).toEqual(first.body);
    expect((await bank.call('GET', location, undefined, 'ledgerworks')).status).toBe(404);
  });

  it('refuse another order under a reference that was used', async () => {
    const amount = { amountMinor: 1, currency: 'CNY' };
    await bank.call('POST', TRANSFERS, { ...ORDER, reference: 'R-2' });
    for (const change of [{ amount }, { toAccountId: 'acc-creditlens-1' }, { purpose: 'x' }]) {
      const answer = await bank.call('POST', TRANSFERS, { ...ORDER, reference: 'R-2', ...change });
      expect([answer.status, answer.body.code]).toEqual([409, 'reference-reused']);
    }
  });

  it.each([
    ['a foreign account', { fromAccountId: 'acc-ledgerworks-1' }, 'account-unknown'],
    ['an account that does not exist', { toAccountId: 'acc-nobody' }, 'account-unknown'],
    ['the same account', { toAccountId: 'acc-nebula-pay-1' }, 'account-same'],
    ['another currency', { toAccountId: 'acc-ledgerworks-3' }, 'currency-mismatch'],
    [
      'more than the account holds',
      { amount: { amountMinor: 1_000_000_000_000, currency: 'CNY' } },
      'funds-insufficient',
    ],
  ])('refuse %s and leave the reference free', async (_name, change, code) => {
    const reference = `refused-${code}`;
    const refused = await bank.call('POST', TRANSFERS, { ...ORDER, reference, ...change });
    expect([refused.status, refused.body.code]).toEqual([422, code]);
  });

  it.each([
    {},
    { ...ORDER, reference: 'line\nbreak' },
    { ...ORDER, amount: { amountMinor: 0, currency: 'CNY' } },
    { ...ORDER, amount: { amountMinor: 1.5, currency: 'CNY' } },
    // What ISO 4217 has where no currency is meant.
    { ...ORDER, amount: { amountMinor: 1, currency: 'XXX' } },
    { ...ORDER, extra: true },
    [],
  ])('refuse a body outside the document: %j', async body => {
    const answer = await bank.call('POST', TRANSFERS, body);
    expect([answer.status, answer.body.code]).toEqual([400, 'body-invalid']);
  });

  it.each([
    ['text/plain', 'x', 415, 'media-type-unsupported'],
    ['application/json', '{"a":', 400, 'body-invalid'],
    ['application/json', `"${'x'.repeat(70_000)}"`, 413, 'body-too-large'],
  ])('refuse %s that cannot be read', async (type, body, status, code) => {
    const headers = { 'content-type': type, 'x-xingyun-partner': 'nebula-pay' };
    const response = await fetch(bank.url(TRANSFERS), { method: 'POST', headers, body });
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ code });
  });
});

describe('money', () => {
  const accountIds = DEMO_PARTNERS.flatMap(({ id }) => [1, 2, 3].map(n => `acc-${id}-${n}`));
  const move = fc.record({
    partner: fc.constantFrom(...DEMO_PARTNERS.map(({ id }) => id)),
    from: fc.constantFrom(...accountIds),
    to: fc.constantFrom(...accountIds),
    amountMinor: fc.integer({ min: 1, max: 80_000_000 }),
    currency: fc.constantFrom(...CURRENCIES),
    reference: fc.integer({ min: 1, max: 20 }).map(String),
    kind: fc.constantFrom('transfer', 'finance'),
  });

  it('is neither made nor lost, and no balance goes below zero', () => {
    fc.assert(
      fc.property(fc.array(move, { maxLength: 60 }), moves => {
        const ledger = seedLedger();
        const transfers = new TransferBook(ledger, clock);
        const financings = new FinancingBook(ledger, clock);
        const totals = CURRENCIES.map(currency => ledger.totalMinor(currency));
        for (const { partner, from, to, amountMinor, currency, reference, kind } of moves) {
          const amount = { amountMinor, currency };
          if (kind === 'transfer') {
            transfers.create(partner, { reference, fromAccountId: from, toAccountId: to, amount });
            continue;
          }
          const invoiceNumber = reference;
          const applied = financings.apply(partner, {
            ...APPLICATION,
            invoiceNumber,
            accountId: to,
            amount,
          });
          if (!(applied instanceof BankProblem)) {
            financings.draw(partner, applied.financing.financingId);
          }
        }
        expect(CURRENCIES.map(currency => ledger.totalMinor(currency))).toEqual(totals);
        for (const id of accountIds) {
          expect(ledger.customerAccount(id)!.balanceMinor).toBeGreaterThanOrEqual(0);
        }
      }),
      { numRuns: 100 },
    );
  });

  it('cannot be moved by a posting that breaks the rules', () => {
    const ledger = seedLedger();
    const from = ledger.customerAccount('acc-nebula-pay-1')!;
    const to = ledger.customerAccount('acc-nebula-pay-2')!;
    const euro = ledger.customerAccount('acc-nebula-pay-3')!;
    const base = { from, to, atMs: NOW_MS, description: 'x' };
    for (const amountMinor of [0, -1, 1.5, Number.NaN, from.balanceMinor + 1]) {
      expect(() => ledger.move({ ...base, amountMinor })).toThrow();
    }
    expect(() => ledger.move({ ...base, to: from, amountMinor: 1 })).toThrow();
    expect(() => ledger.move({ ...base, to: euro, amountMinor: 1 })).toThrow();
  });

  it('is remembered in bounded books', () => {
    const ledger = seedLedger();
    const book = new TransferBook(ledger, clock);
    for (let i = 0; i < TRANSFERS_MAX + 5; i += 1) {
      const amount = { amountMinor: 1, currency: 'CNY' } as const;
      book.create('nebula-pay', { ...ORDER, reference: `n${i}`, amount });
    }
    expect(book.get('nebula-pay', 'trf-1')).toBeInstanceOf(BankProblem);
    expect(book.get('nebula-pay', 'trf-6')).not.toBeInstanceOf(BankProblem);
    const account = ledger.customerAccount('acc-nebula-pay-1')!;
    expect(account.transactions).toHaveLength(TRANSACTIONS_PER_ACCOUNT_MAX);
    expect(account.transactions.at(-1)!.balanceAfter.amountMinor).toBe(account.balanceMinor);
  });
});

describe('invoice financing', () => {
  it('is applied for, decided, drawn once and listed', async () => {
    const before = await balance('acc-nebula-pay-1', 'nebula-pay');
    const applied = await bank.call('POST', FINANCINGS, APPLICATION);
    expect([applied.status, applied.body.state]).toEqual([201, 'approved']);
    expect((await bank.call('POST', FINANCINGS, APPLICATION)).status).toBe(200);
    const location = applied.headers.get('location')!;
    for (let i = 0; i < 2; i += 1) {
      const drawn = await bank.call('POST', `${location}/drawdown`);
      expect([drawn.status, drawn.body.state]).toEqual([200, 'disbursed']);
    }
    expect(await balance('acc-nebula-pay-1', 'nebula-pay')).toBe(before + 5_000);
    expect((await bank.call('GET', location)).body.state).toBe('disbursed');
    const list = await bank.call('GET', `${FINANCINGS}?state=disbursed`);
    expect(list.body.financings).toHaveLength(1);
    for (const path of [location, `${location}/drawdown`]) {
      const method = path === location ? 'GET' : 'POST';
      expect((await bank.call(method, path, undefined, 'ledgerworks')).status).toBe(404);
    }
  });

  it.each([
    ['amount-too-high', { amount: { amountMinor: 10_000_000_001, currency: 'CNY' } }],
    ['due-date-passed', { dueOn: '2026-06-30' }],
    ['due-date-too-far', { dueOn: '2037-01-01' }],
  ])('is rejected with %s and cannot be drawn', async (reason, change) => {
    const invoiceNumber = `INV-${reason}`;
    const applied = await bank.call('POST', FINANCINGS, {
      ...APPLICATION,
      invoiceNumber,
      ...change,
    });
    expect(applied.body).toMatchObject({ state: 'rejected', rejectionReason: reason });
    const path = `${FINANCINGS}/${applied.body.financingId}/drawdown`;
    expect((await bank.call('POST', path)).body.code).toBe('state-conflict');
  });

  it.each([
    ['invoice-financed', { debtor: 'Somebody else' }],
    ['account-unknown', { invoiceNumber: 'INV-a', accountId: 'acc-ledgerworks-1' }],
    ['currency-mismatch', { invoiceNumber: 'INV-b', accountId: 'acc-nebula-pay-3' }],
    ['body-invalid', { invoiceNumber: 'INV-c', dueOn: '2026-02-30' }],
  ])('is refused with %s', async (code, change) => {
    await bank.call('POST', FINANCINGS, APPLICATION);
    const answer = await bank.call('POST', FINANCINGS, { ...APPLICATION, ...change });
    expect(answer.body.code).toBe(code);
  });

  it('is paged and filtered', async () => {
    for (let i = 0; i < 5; i += 1) {
      const application = {
        ...APPLICATION,
        invoiceNumber: `P-${i}`,
        accountId: 'acc-creditlens-1',
      };
      await bank.call('POST', FINANCINGS, application, 'creditlens');
    }
    const first = await bank.call('GET', `${FINANCINGS}?limit=3`, undefined, 'creditlens');
    const path = `${FINANCINGS}?limit=3&cursor=${first.body.nextCursor}`;
    const second = await bank.call('GET', path, undefined, 'creditlens');
    const numbers = [...first.body.financings, ...second.body.financings].map(
      ({ invoiceNumber }) => invoiceNumber,
    );
    expect(numbers).toEqual(['P-4', 'P-3', 'P-2', 'P-1', 'P-0']);
    expect(second.body.nextCursor).toBeUndefined();
    const refused = await bank.call('GET', `${FINANCINGS}?state=odd`, undefined, 'creditlens');
    expect(refused.body.code).toBe('parameter-invalid');
  });
});
