/**
 * The gateway that a Node team would write itself: Fastify with @fastify/http-proxy and the
 * signature check in a preHandler. `main.ts OPTIONS`, where OPTIONS is JSON of FastifyOptions;
 * tells its port over IPC and ends with the process that started it.
 */
import type { AddressInfo } from 'node:net';
import proxy from '@fastify/http-proxy';
import fastify, { type FastifyReply, type FastifyRequest } from 'fastify';
import type { FastifyOptions } from './options.ts';
import { createSignatureCheck } from './signature-check.ts';

const options: FastifyOptions = JSON.parse(process.argv[2]!);
const check = createSignatureCheck(options);

function refuseUnsigned(request: FastifyRequest, reply: FastifyReply, done: () => void): void {
  const { method, url, headers } = request.raw;
  const refusal = check({ method: method!, url: url!, headers, body: request.body as Buffer });
  if (refusal === undefined) done();
  else reply.code(401).type('application/problem+json').send({ code: refusal.name });
}

const server = fastify({ logger: false, keepAliveTimeout: 3_600_000 });
// The digest is of the bytes as they came, and they go on as they came: nothing parses them.
server.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_, body, done) =>
  done(null, body),
);
await server.register(proxy, {
  upstream: `http://127.0.0.1:${options.upstreamPort}`,
  undici: { connections: options.upstreamConnections, pipelining: 1 },
  proxyPayloads: false,
  preHandler: refuseUnsigned,
  disableRequestLogging: true,
  handler: (request, reply, destination, from) =>
    reply.from(destination, {
      ...from,
      body: request.body as Buffer,
      contentType: 'application/json',
    }),
});
process.on('disconnect', () => process.exit(0));
await server.listen({ port: 0, host: '127.0.0.1' });
process.send!({ port: (server.server.address() as AddressInfo).port });
