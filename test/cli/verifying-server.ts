/** A small server that checks signatures with a foreign verifier, where no gateway is at hand. */
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createVerifier, httpbis } from 'http-message-signatures';
import type { SignatureAlgorithm } from '../../src/core/snapshot.ts';

export interface VerifyingKey {
  readonly algorithm: SignatureAlgorithm;
  /** PEM, or the secret. */
  readonly verifier: string | Buffer;
}

export interface Received {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

type Answer = (received: Received, response: ServerResponse) => void;

export interface VerifyingServer {
  readonly baseUrl: string;
  /** What was received and verified, in order. */
  readonly received: Received[];
  answer: Answer;
  close(): Promise<void>;
}

const echo: Answer = (received, response) => {
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify({ method: received.method, body: received.body }));
};

async function isSigned(
  baseUrl: string,
  received: Received,
  keys: ReadonlyMap<string, VerifyingKey>,
): Promise<boolean> {
  const { headers, body } = received;
  const sum = createHash('sha256').update(body).digest('base64');
  if (body !== '' && headers['content-digest'] !== `sha-256=:${sum}:`) return false;
  const requiredFields = ['@method', '@target-uri'];
  if (body !== '') requiredFields.push('content-digest', 'content-type');
  const result = await httpbis.verifyMessage(
    {
      keyLookup: async ({ keyid }) => {
        const key = keys.get(String(keyid));
        if (key === undefined) return null;
        const { algorithm, verifier } = key;
        return {
          id: String(keyid),
          algs: [algorithm],
          verify: createVerifier(verifier, algorithm),
        };
      },
      requiredFields,
      requiredParams: ['created', 'nonce', 'keyid'],
      maxAge: 60,
      tolerance: 5,
    },
    {
      method: received.method,
      url: baseUrl + received.url,
      headers: headers as Record<string, string | string[]>,
    },
  );
  return result === true;
}

async function receive(request: IncomingMessage): Promise<Received> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return {
    method: request.method!,
    url: request.url!,
    headers: request.headers,
    body: Buffer.concat(chunks).toString(),
  };
}

function refuse(response: ServerResponse): void {
  response.writeHead(401, { 'content-type': 'application/problem+json' });
  const code = 'signature-invalid';
  const problem = { type: `/problems/${code}`, title: 'no', status: 401, code, requestId: 'req-1' };
  response.end(JSON.stringify(problem));
}

export async function startVerifyingServer(
  keys: ReadonlyMap<string, VerifyingKey>,
): Promise<VerifyingServer> {
  const server: Server = createServer(async (request, response) => {
    const received = await receive(request);
    const verified = await isSigned(state.baseUrl, received, keys).catch(() => false);
    if (!verified) return refuse(response);
    state.received.push(received);
    return state.answer(received, response);
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const state: VerifyingServer = {
    baseUrl: `http://127.0.0.1:${port}`,
    received: [],
    answer: echo,
    close: async () => {
      server.closeAllConnections();
      await new Promise(resolve => server.close(resolve));
    },
  };
  return state;
}
