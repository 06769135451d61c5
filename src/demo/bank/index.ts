/** The demo bank: what the gateway's tests and a newcomer's first call find behind the gateway. */
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import fastify, { type FastifyError, type FastifyInstance } from 'fastify';
import { type Clock, systemClock } from '../../core/clock.ts';
import { LogThrottle } from '../../core/log-throttle.ts';
import { registerAccountRoutes } from './account-routes.ts';
import { SchemaCompiler } from './api-document.ts';
import { BankEvents } from './bank-events.ts';
import { BankProblem, type BankProblemName, sendProblem } from './bank-problem.ts';
import { EventOutbox } from './event-outbox.ts';
import { registerFaults } from './faults.ts';
import { FinancingBook } from './financing-book.ts';
import type { Ledger } from './ledger.ts';
import { registerNoticeRoutes } from './notice-routes.ts';
import { registerInvoiceRoutes, registerTransferRoutes } from './order-routes.ts';
import { requirePartner } from './partner-header.ts';
import { type PublishTarget, publishEvents } from './publish-events.ts';
import { registerSandboxRoutes } from './sandbox-routes.ts';
import { seedLedger } from './seed-ledger.ts';
import { TransferBook } from './transfer-book.ts';

export interface DemoBankOptions {
  readonly host?: string;
  /** 0 takes a free one. */
  readonly port?: number;
  /** pino's level, on standard error; silent by default. */
  readonly logLevel?: string;
  readonly clock?: Clock;
  /** Where events go; nothing is published where it is absent. */
  readonly publishTo?: PublishTarget;
}

export interface DemoBank {
  readonly port: number;
  /** The books, for tests. */
  readonly ledger: Ledger;
  /**
   * Publishes events from here on, for where the gateway is known later than the bank. The outbox
   * is for tests.
   */
  publishTo(target: PublishTarget): EventOutbox;
  /** Ends at once, whatever is in flight. */
  close(): Promise<void>;
}

const BODY_MAX_BYTES = 65_536;

function createServer(logLevel: string): FastifyInstance {
  return fastify({
    logger: logLevel === 'silent' ? false : { level: logLevel, stream: process.stderr },
    bodyLimit: BODY_MAX_BYTES,
    forceCloseConnections: true,
  }) as unknown as FastifyInstance;
}

function problemName(error: FastifyError): BankProblemName {
  if (error.statusCode === 415) return 'media-type-unsupported';
  if (error.statusCode === 413) return 'body-too-large';
  if (error.code?.startsWith('FST_ERR_CTP') || error instanceof SyntaxError) return 'body-invalid';
  return (error.statusCode ?? 500) < 500 ? 'request-invalid' : 'bank-failed';
}

function registerRefusals(server: FastifyInstance): void {
  server.setNotFoundHandler((request, reply) => {
    const detail = 'No operation has this method and path.';
    return sendProblem(request, reply, new BankProblem('resource-unknown', detail));
  });
  server.setErrorHandler<FastifyError>((error, request, reply) => {
    const name = problemName(error);
    if (name === 'bank-failed') request.log.error(error);
    return sendProblem(request, reply, new BankProblem(name, 'See the API document.'));
  });
}

function openOutbox(
  target: PublishTarget,
  server: FastifyInstance,
  closing: AbortSignal,
): EventOutbox {
  const throttle = new LogThrottle();
  const outbox = new EventOutbox({
    send: events => publishEvents(target, events, closing),
    pause: ms => pause(ms, closing),
    report: ({ topic, id }, reason) => {
      const suppressed = throttle.admit(reason, performance.now());
      if (suppressed === undefined) return;
      server.log.warn({ topic, id, reason, suppressed }, 'An event is lost.');
    },
  });
  closing.addEventListener('abort', () => outbox.close());
  return outbox;
}

async function pause(ms: number, closing: AbortSignal): Promise<void> {
  try {
    await delay(ms, undefined, { signal: closing });
  } catch (error) {
    if (!closing.aborted) throw error;
  }
}

/** Starts a bank with its own state. Rejects where the port cannot be taken. */
export async function createDemoBank(options: DemoBankOptions = {}): Promise<DemoBank> {
  const clock = options.clock ?? systemClock;
  const ledger = seedLedger();
  const schemas = new SchemaCompiler();
  const closing = new AbortController();
  const events = new BankEvents(clock);
  ledger.watch((account, transaction) => events.transactionBooked(account, transaction));
  const server = createServer(options.logLevel ?? 'silent');
  server.removeContentTypeParser('text/plain');
  registerRefusals(server);
  requirePartner(server);
  registerFaults(server, closing.signal);
  registerAccountRoutes(server, ledger, clock);
  registerTransferRoutes(server, new TransferBook(ledger, clock), events, schemas);
  registerInvoiceRoutes(server, new FinancingBook(ledger, clock), schemas);
  registerSandboxRoutes(server);
  registerNoticeRoutes(server, events, schemas);
  const publishTo = (target: PublishTarget) => {
    const outbox = openOutbox(target, server, closing.signal);
    events.sendThrough(outbox);
    return outbox;
  };
  if (options.publishTo !== undefined) publishTo(options.publishTo);
  await server.listen({ host: options.host ?? '127.0.0.1', port: options.port ?? 0 });
  return {
    port: (server.server.address() as AddressInfo).port,
    ledger,
    publishTo,
    close: async () => {
      closing.abort();
      await server.close();
    },
  };
}
