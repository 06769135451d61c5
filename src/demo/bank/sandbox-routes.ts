import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { BankProblem, sendProblem } from './bank-problem.ts';
import { type Query, single } from './page.ts';

/** 2 GiB: beyond what any test needs to see a stream. */
const SIZE_MAX_BYTES = 2_147_483_648;
const CHUNK_BYTES = 65_536;
/** Byte n of the answer is n modulo 256; a chunk is a whole number of periods. */
const CHUNK = Uint8Array.from({ length: CHUNK_BYTES }, (_, index) => index % 256);

interface EchoRoute {
  Querystring: Query;
}

export function registerSandboxRoutes(server: FastifyInstance): void {
  // In a scope of its own: bodies of any media type and size are read as a stream, never kept.
  server.register(async scope => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
    scope.get<EchoRoute>('/sandbox/v1/echo', answerEcho);
    scope.post<EchoRoute>('/sandbox/v1/echo', answerEcho);
  });
}

async function answerEcho(
  request: FastifyRequest<EchoRoute>,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const body = await digestBody(request.body);
  const size = single(request.query, 'demo-size-bytes');
  if (size !== undefined) return sendBytes(request, reply, size);
  const [path, ...query] = request.raw.url!.split('?');
  return reply.send({
    method: request.method,
    path,
    query: query.length > 0 ? `?${query.join('?')}` : '',
    headers: pairHeaders(request.raw.rawHeaders),
    body,
  });
}

async function digestBody(payload: unknown): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash('sha256');
  let bytes = 0;
  if (payload instanceof Readable) {
    for await (const chunk of payload) {
      bytes += chunk.length;
      hash.update(chunk);
    }
  }
  return { bytes, sha256: hash.digest('base64') };
}

function pairHeaders(raw: readonly string[]): { name: string; value: string }[] {
  const pairs: { name: string; value: string }[] = [];
  for (let i = 0; i < raw.length; i += 2) pairs.push({ name: raw[i]!, value: raw[i + 1]! });
  return pairs;
}

function* pattern(size: number): Generator<Uint8Array> {
  for (let left = size; left > 0; left -= CHUNK_BYTES) {
    yield left >= CHUNK_BYTES ? CHUNK : CHUNK.subarray(0, left);
  }
}

function sendBytes(
  request: FastifyRequest<EchoRoute>,
  reply: FastifyReply,
  sizeText: string | BankProblem,
): FastifyReply {
  const size = typeof sizeText === 'string' && /^\d{1,10}$/.test(sizeText) ? Number(sizeText) : -1;
  const framing = single(request.query, 'demo-framing') ?? 'length';
  if (size < 0 || size > SIZE_MAX_BYTES || (framing !== 'length' && framing !== 'chunked')) {
    const detail = 'demo-size-bytes or demo-framing is not valid; docs/demo.md lists their values.';
    return sendProblem(request, reply, new BankProblem('parameter-invalid', detail));
  }
  if (framing === 'length') reply.header('content-length', String(size));
  else reply.header('transfer-encoding', 'chunked');
  reply.type('application/octet-stream');
  // The automatic HEAD route reads a stream to its end to throw it away.
  const sent = request.method === 'HEAD' ? 0 : size;
  return reply.send(Readable.from(pattern(sent), { objectMode: false }));
}
