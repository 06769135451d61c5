import type { FastifyInstance } from 'fastify';
import type { Clock } from '../../core/clock.ts';
import { BankProblem, sendProblem, sendResult } from './bank-problem.ts';
import type { Account, Ledger, Transaction } from './ledger.ts';
import { cutPage, type Query, readDate, readPage } from './page.ts';
import { partnerOf } from './partner-header.ts';

interface AccountRoute {
  Params: { accountId: string };
  Querystring: Query;
}

export function registerAccountRoutes(server: FastifyInstance, ledger: Ledger, clock: Clock): void {
  server.get('/accounts/v1/accounts', (request, reply) => {
    const accounts = ledger.ownedAccounts(partnerOf(request)).map(presentAccount);
    return reply.send({ accounts });
  });

  server.get<AccountRoute>('/accounts/v1/accounts/:accountId', (request, reply) => {
    const account = findAccount(ledger, partnerOf(request), request.params.accountId);
    const result = account instanceof BankProblem ? account : presentAccount(account);
    return sendResult(request, reply, result);
  });

  server.get<AccountRoute>('/accounts/v1/accounts/:accountId/balances', (request, reply) => {
    const account = findAccount(ledger, partnerOf(request), request.params.accountId);
    if (account instanceof BankProblem) return sendProblem(request, reply, account);
    return reply.send(presentBalances(account, clock.wallMs()));
  });

  server.get<AccountRoute>('/accounts/v1/accounts/:accountId/transactions', (request, reply) => {
    const account = findAccount(ledger, partnerOf(request), request.params.accountId);
    if (account instanceof BankProblem) return sendProblem(request, reply, account);
    return sendResult(request, reply, listTransactions(account, request.query));
  });
}

function findAccount(ledger: Ledger, partnerId: string, accountId: string): Account | BankProblem {
  return (
    ledger.ownedAccount(partnerId, accountId) ??
    new BankProblem('resource-unknown', 'No account of yours has this id.')
  );
}

function presentAccount({ accountId, name, currency, openedOn }: Account): object {
  return { accountId, name, currency, openedOn, status: 'open' };
}

function presentBalances(account: Account, nowMs: number): object {
  const amount = { amountMinor: account.balanceMinor, currency: account.currency };
  return {
    accountId: account.accountId,
    asOf: new Date(nowMs).toISOString(),
    balances: [
      { type: 'booked', amount },
      { type: 'available', amount },
    ],
  };
}

function presentTransaction({ sequence: _sequence, ...shown }: Transaction): object {
  return shown;
}

function listTransactions(account: Account, query: Query): object {
  const page = readPage(query);
  if (page instanceof BankProblem) return page;
  const from = readDate(query, 'from');
  if (from instanceof BankProblem) return from;
  const to = readDate(query, 'to');
  if (to instanceof BankProblem) return to;
  // RFC 3339 dates in UTC compare as text.
  const keep = ({ bookedAt }: Transaction): boolean => {
    const day = bookedAt.slice(0, 10);
    return (from === undefined || day >= from) && (to === undefined || day <= to);
  };
  const { items, nextCursor } = cutPage(account.transactions, page, keep);
  const transactions = items.map(presentTransaction);
  return nextCursor === undefined ? { transactions } : { transactions, nextCursor };
}
