/** The two APIs that change something: transfers and invoice financing. */
import type { FastifyInstance } from 'fastify';
import type { SchemaCompiler } from './api-document.ts';
import type { BankEvents } from './bank-events.ts';
import { BankProblem, sendProblem, sendResult } from './bank-problem.ts';
import { checkBody } from './check-body.ts';
import {
  FINANCING_STATES,
  type FinancingApplication,
  type FinancingBook,
  type FinancingState,
} from './financing-book.ts';
import { type Query, readPage, single } from './page.ts';
import { partnerOf } from './partner-header.ts';
import type { TransferBook, TransferOrder } from './transfer-book.ts';

export function registerTransferRoutes(
  server: FastifyInstance,
  book: TransferBook,
  events: BankEvents,
  schemas: SchemaCompiler,
): void {
  const validate = schemas.compile('transfers', '/components/schemas/TransferOrder');

  server.post('/transfers/v1/transfers', (request, reply) => {
    const order = checkBody<TransferOrder>(validate, request.body);
    if (order instanceof BankProblem) return sendProblem(request, reply, order);
    const partner = partnerOf(request);
    const result = book.create(partner, order);
    if (result instanceof BankProblem) return sendProblem(request, reply, result);
    const { transfer, created } = result;
    if (created) events.transferCompleted(partner, transfer);
    if (created) reply.header('location', `/transfers/v1/transfers/${transfer.transferId}`);
    return reply.code(created ? 201 : 200).send(transfer);
  });

  server.get<{ Params: { transferId: string } }>(
    '/transfers/v1/transfers/:transferId',
    (request, reply) =>
      sendResult(request, reply, book.get(partnerOf(request), request.params.transferId)),
  );
}

interface FinancingRoute {
  Params: { financingId: string };
}

export function registerInvoiceRoutes(
  server: FastifyInstance,
  book: FinancingBook,
  schemas: SchemaCompiler,
): void {
  const validate = schemas.compile('invoices', '/components/schemas/FinancingApplication');

  server.post('/invoices/v1/financings', (request, reply) => {
    const application = checkBody<FinancingApplication>(validate, request.body);
    if (application instanceof BankProblem) return sendProblem(request, reply, application);
    const result = book.apply(partnerOf(request), application);
    if (result instanceof BankProblem) return sendProblem(request, reply, result);
    const { financing, created } = result;
    if (created) reply.header('location', `/invoices/v1/financings/${financing.financingId}`);
    return reply.code(created ? 201 : 200).send(financing);
  });

  server.get<{ Querystring: Query }>('/invoices/v1/financings', (request, reply) =>
    sendResult(request, reply, listFinancings(book, partnerOf(request), request.query)),
  );

  server.get<FinancingRoute>('/invoices/v1/financings/:financingId', (request, reply) =>
    sendResult(request, reply, book.get(partnerOf(request), request.params.financingId)),
  );

  server.post<FinancingRoute>('/invoices/v1/financings/:financingId/drawdown', (request, reply) =>
    sendResult(request, reply, book.draw(partnerOf(request), request.params.financingId)),
  );
}

function isState(text: string): text is FinancingState {
  return (FINANCING_STATES as readonly string[]).includes(text);
}

function listFinancings(book: FinancingBook, partnerId: string, query: Query): object {
  const page = readPage(query);
  if (page instanceof BankProblem) return page;
  const state = single(query, 'state');
  if (state instanceof BankProblem) return state;
  if (state !== undefined && !isState(state)) {
    return new BankProblem('parameter-invalid', `state is none of ${FINANCING_STATES.join(', ')}.`);
  }
  const { items, nextCursor } = book.list(partnerId, page, state);
  return nextCursor === undefined ? { financings: items } : { financings: items, nextCursor };
}
