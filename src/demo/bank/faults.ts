/** Latency and faults that a test switches on by query, on every operation. */
import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { BankProblem, sendProblem } from './bank-problem.ts';
import { type Query, single } from './page.ts';

const DELAY_MAX_MS = 60_000;
/** A hanging answer ends here, so that a forgotten test does not keep its socket for ever. */
const HANG_MAX_MS = 120_000;
const SLOW_BODY_CHUNKS = 20;
const SLOW_BODY_PAUSE_MS = 100;
const CUT_BODY_BYTES = 1_000;

type Fault = (request: FastifyRequest, reply: FastifyReply, closing: AbortSignal) => unknown;

function hang(_request: FastifyRequest, reply: FastifyReply): void {
  reply.hijack();
  const timer = setTimeout(() => reply.raw.destroy(), HANG_MAX_MS).unref();
  reply.raw.once('close', () => clearTimeout(timer));
}

function reset(request: FastifyRequest, reply: FastifyReply): void {
  reply.hijack();
  request.raw.socket.resetAndDestroy();
}

/** A status line and a length that no parser may accept (RFC 9112 section 4). */
function sendMalformed(request: FastifyRequest, reply: FastifyReply): void {
  reply.hijack();
  const socket: Socket = request.raw.socket;
  socket.end('HTTP/1.1 2O0 OK\r\ncontent-length: many\r\n\r\n{}');
}

async function* slowChunks(closing: AbortSignal): AsyncGenerator<string> {
  yield '{"slow":"';
  for (let i = 0; i < SLOW_BODY_CHUNKS; i += 1) {
    await delay(SLOW_BODY_PAUSE_MS, undefined, { signal: closing });
    yield '.'.repeat(100);
  }
  yield '"}';
}

function sendSlowBody(_request: FastifyRequest, reply: FastifyReply, closing: AbortSignal) {
  return reply.type('application/json').send(Readable.from(slowChunks(closing)));
}

function cutBody(_request: FastifyRequest, reply: FastifyReply): void {
  reply.hijack();
  const head = { 'content-type': 'application/json', 'content-length': CUT_BODY_BYTES };
  reply.raw.writeHead(200, head);
  reply.raw.write(' '.repeat(CUT_BODY_BYTES / 2), () => reply.raw.destroy());
}

const FAULTS: ReadonlyMap<string, Fault> = new Map<string, Fault>([
  ['hang', hang],
  ['reset', reset],
  ['malformed', sendMalformed],
  ['slow-body', sendSlowBody],
  ['close-mid-body', cutBody],
]);

function sendStatus(request: FastifyRequest, reply: FastifyReply, status: number): FastifyReply {
  if (status === 503 || status === 429) reply.header('retry-after', '1');
  const refusal = new BankProblem('fault-injected', 'demo-fault asked for this status.');
  return sendProblem(request, reply, refusal, status);
}

function refuseParameter(request: FastifyRequest, reply: FastifyReply, name: string) {
  const detail = `${name} is not valid here; docs/demo.md lists its values.`;
  return sendProblem(request, reply, new BankProblem('parameter-invalid', detail));
}

/** @param closing aborted when the server closes, so that nothing holds it up */
export function registerFaults(server: FastifyInstance, closing: AbortSignal): void {
  server.addHook('onRequest', async (request, reply) => {
    const query = request.query as Query;
    const delayText = single(query, 'demo-delay-ms');
    if (delayText !== undefined) {
      const ms = typeof delayText === 'string' && /^\d{1,5}$/.test(delayText) ? +delayText : -1;
      if (ms < 0 || ms > DELAY_MAX_MS) return refuseParameter(request, reply, 'demo-delay-ms');
      await delay(ms, undefined, { signal: closing });
    }
    const fault = single(query, 'demo-fault');
    if (fault === undefined) return undefined;
    if (typeof fault !== 'string') return refuseParameter(request, reply, 'demo-fault');
    const status = /^status-([45]\d\d)$/.exec(fault);
    if (status !== null) return sendStatus(request, reply, Number(status[1]));
    const inject = FAULTS.get(fault);
    if (inject === undefined) return refuseParameter(request, reply, 'demo-fault');
    return inject(request, reply, closing);
  });
}
