import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { generateKey } from '../../src/client/key-files.ts';
import { decodeSecret } from '../../src/core/signing-key.ts';
import { REGISTERED_ALGORITHMS } from '../../src/core/snapshot.ts';
import { type CliOptions, runCli } from './run-cli.ts';
import {
  startVerifyingServer,
  type VerifyingKey,
  type VerifyingServer,
} from './verifying-server.ts';

let dir: string;
let server: VerifyingServer;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'call-'));
  mkdirSync(join(dir, '.xingyun'));
  const keys = new Map<string, VerifyingKey>();
  for (const algorithm of REGISTERED_ALGORITHMS) {
    const { privateText, publicText } = generateKey(algorithm);
    writeFileSync(join(dir, `${algorithm}.key`), privateText, { mode: 0o600 });
    const verifier = publicText ?? Buffer.from(decodeSecret(privateText));
    keys.set(algorithm, { algorithm, verifier });
  }
  server = await startVerifyingServer(keys);
  const client = {
    baseUrl: server.baseUrl,
    keyId: 'ecdsa-p256-sha256',
    algorithm: 'ecdsa-p256-sha256',
    privateKeyFile: '../ecdsa-p256-sha256.key',
  };
  writeFileSync(join(dir, '.xingyun/client.json'), JSON.stringify(client));
});
const echo = (): VerifyingServer['answer'] => (received, response) => {
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify({ method: received.method, body: received.body }));
};
beforeEach(() => {
  server.received.length = 0;
  server.answer = echo();
});
afterAll(async () => {
  await server.close();
  rmSync(dir, { recursive: true, force: true });
});

function call(arguments_: readonly string[], options: CliOptions = {}) {
  return runCli(['call', ...arguments_], { cwd: dir, ...options });
}

function answerProblem(status: number, document: object): void {
  server.answer = (_received, response) => {
    response.writeHead(status, { 'content-type': 'application/problem+json' });
    response.end(JSON.stringify(document));
  };
}

describe('xingyun call', () => {
  it('signs with the client file and prints the body alone', async () => {
    const result = await call(['get', '/a?b=c']);
    expect(result).toEqual({ status: 0, stdout: '{"method":"GET","body":""}', stderr: '' });
    expect(server.received[0]!.url).toBe('/a?b=c');
  });

  it.each(REGISTERED_ALGORITHMS)('signs with a key given by options: %s', async algorithm => {
    const key = ['--key', `${algorithm}.key`, '--key-id', algorithm, '--algorithm', algorithm];
    const where = ['--base-url', server.baseUrl, '--client-file', 'absent.json'];
    const result = await call(['POST', '/a', '--data', '{}', ...key, ...where]);
    expect([result.status, result.stderr]).toEqual([0, '']);
  });

  it('takes the base URL from the client file where the key is given by options', async () => {
    const key = ['--key', 'ed25519.key', '--key-id', 'ed25519', '--algorithm', 'ed25519'];
    const result = await call(['GET', '/a', ...key]);
    expect([result.status, result.stderr]).toEqual([0, '']);
    expect(server.received).toHaveLength(1);
  });

  it('takes the body from an argument, a file or standard input', async () => {
    writeFileSync(join(dir, 'body.json'), '{"from":"file"}');
    await call(['POST', '/a', '--data', '{"from":"argument"}']);
    await call(['POST', '/a', '--data', '@body.json']);
    await call(['POST', '/a', '--data', '@-'], { input: '{"from":"stdin"}' });
    expect(server.received.map(({ body }) => JSON.parse(body).from)).toEqual([
      'argument',
      'file',
      'stdin',
    ]);
    expect(server.received[0]!.headers['content-type']).toBe('application/json');
  });

  it('sends further headers', async () => {
    const headers = ['--header', 'X-One: 1', '--header', 'content-type: text/csv'];
    await call(['POST', '/a', '--data', 'a,b', ...headers]);
    expect(server.received[0]!.headers).toMatchObject({ 'x-one': '1', 'content-type': 'text/csv' });
  });

  it('shows the head with --include', async () => {
    const { stdout } = await call(['GET', '/a', '--include']);
    expect(stdout).toMatch(/^HTTP 200 OK\n(.+: .+\n)*content-type: application\/json\n/);
  });

  it('tells how long the answer may take', async () => {
    await call(['GET', '/a', '--deadline-ms', '1500']);
    expect(server.received.at(-1)!.headers['x-xingyun-deadline-ms']).toBe('1500');
    expect((await call(['GET', '/a', '--deadline-ms', '0'])).stderr).toContain('1 to 600000');
  });

  it('shows the stages beside what the client waited', async () => {
    server.answer = (received, response) => {
      if (received.headers['x-xingyun-timing'] === '1') {
        response.setHeader('server-timing', 'verify;dur=0.25, total;desc="all";dur=1.5');
      }
      response.end('{}');
    };
    const shown = await call(['GET', '/a', '--timing']);
    expect(shown.stdout).toBe('{}');
    expect(shown.stderr).toMatch(
      /^gateway verify +0\.250 ms\ngateway total +1\.500 ms\nclient total +\d+\.\d{3} ms\n$/,
    );
    const asJson = JSON.parse((await call(['GET', '/a', '--timing', '--json'])).stdout);
    expect(asJson.timing.stages).toEqual({ verify: 0.25, total: 1.5 });
    expect(asJson.timing.clientTotalMs).toBeGreaterThan(0);
  });

  it('gives a script the whole answer as JSON', async () => {
    const { stdout } = await call(['GET', '/a', '--json']);
    expect(JSON.parse(stdout)).toMatchObject({
      status: 200,
      headers: { 'content-type': 'application/json' },
      body: { method: 'GET' },
      timing: { stages: {} },
    });
    server.answer = (_received, response) => response.end(Buffer.from([0xff, 0x00]));
    expect(JSON.parse((await call(['GET', '/a', '--json'])).stdout).body).toEqual({
      base64: '/wA=',
    });
  });
});

describe('a refusal', () => {
  it('goes to standard error with its code and what to change', async () => {
    const code = 'scope-insufficient';
    const requestId = 'req-5';
    const document = { type: `/problems/${code}`, title: 'T', status: 403, code, requestId };
    answerProblem(403, document);
    const { status, stdout, stderr } = await call(['GET', '/a']);
    expect([status, stdout]).toEqual([1, '']);
    expect(stderr).toContain(`403 ${code}`);
    expect(stderr).toContain('Ask for the scope');
    expect(stderr).toContain(requestId);
  });

  it('of the bank gets no advice from the gateway’s table', async () => {
    const code = 'not-found';
    answerProblem(404, { type: '/bank-problems/not-found', title: 'T', status: 404, code });
    const { status, stderr } = await call(['GET', '/a']);
    expect(status).toBe(1);
    expect(stderr).toBe('404 not-found: T\n');
  });

  it('without a problem document keeps its body on standard output', async () => {
    server.answer = (_received, response) => response.writeHead(500).end('oops');
    const { status, stdout, stderr } = await call(['GET', '/a']);
    expect([status, stdout, stderr]).toEqual([1, 'oops', '500 Internal Server Error\n']);
  });

  it('is not repeated, even where the table allows it', async () => {
    const code = 'overloaded';
    answerProblem(503, { type: `/problems/${code}`, title: 'T', status: 503, code });
    expect((await call(['GET', '/a'])).status).toBe(1);
    expect(server.received).toHaveLength(1);
  });

  it('with --json is still JSON on standard output', async () => {
    answerProblem(404, { type: '/problems/not-found', title: 'T', status: 404, code: 'not-found' });
    const { status, stdout } = await call(['GET', '/a', '--json']);
    expect(status).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ status: 404, body: { code: 'not-found' } });
  });

  it('is not what a redirect is', async () => {
    server.answer = (_received, response) => response.writeHead(303, { location: '/b' }).end();
    expect((await call(['GET', '/a'])).status).toBe(0);
    expect(server.received).toHaveLength(1);
  });
});

describe('what cannot be sent', () => {
  it.each([
    [['GET']],
    [['GET', '/a', '--unknown']],
    [['GET', '/a', '--algorithm', 'rot13']],
    [['GET', '/a', '--header', 'no colon']],
    [['GET', '/a', '--header', 'x: a\nb: c']],
    [['GET', 'relative']],
    [['GET', '/a', '--data', 'x']],
    [['TRACE', '/a']],
    [['G T', '/a']],
    [['POST', '/a', '--print-curl', '--key']],
  ])('is wrong usage: %j', async arguments_ => {
    const { status, stdout, stderr } = await call(arguments_);
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).not.toMatch(/\n +at /);
    expect(server.received).toHaveLength(0);
  });

  it.each([
    ['no client file', ['--client-file', 'absent.json']],
    ['no body file', ['--data', '@absent.json']],
    ['a key of another algorithm', ['--algorithm', 'ed25519']],
    ['nobody who listens', ['--base-url', 'http://127.0.0.1:9']],
  ])('fails with one sentence: %s', async (_name, arguments_) => {
    const { status, stderr } = await call(['POST', '/a', ...arguments_]);
    expect(status).toBe(1);
    expect(stderr).toMatch(/^xingyun: .+\n$/);
  });

  it('fails where the connection breaks in the body', async () => {
    server.answer = (_received, response) => {
      response.writeHead(200, { 'content-length': 100 });
      response.write('half', () => response.destroy());
    };
    const { status, stderr } = await call(['GET', '/a']);
    expect(status).toBe(1);
    expect(stderr).toMatch(/^xingyun: .+\n$/);
  });
});

describe('a pipe', () => {
  it('that closes early ends the command quietly', async () => {
    server.answer = (_received, response) => response.end(Buffer.alloc(20_000_000, 'x'));
    const { status, stderr } = await call(['GET', '/a'], { isReaderImpatient: true });
    expect([status, stderr]).toEqual([0, '']);
  });

  it('gets a large body whole', async () => {
    server.answer = (_received, response) => response.end(Buffer.alloc(5_000_000, 'x'));
    expect((await call(['GET', '/a'])).stdout).toHaveLength(5_000_000);
  });
});

describe('--print-curl', () => {
  it('prints a command that works once pasted', async () => {
    const data = `{"it's":"$HOME \\n"}`;
    const { stdout } = await call(['POST', '/a?x=[1]', '--data', data, '--print-curl']);
    expect(server.received).toHaveLength(0);
    const pasted = await promisify(execFile)('sh', ['-c', stdout]);
    expect(JSON.parse(pasted.stdout)).toEqual({ method: 'POST', body: data });
  });
});

it('never prints the key', async () => {
  const secret = readFileSync(join(dir, 'hmac-sha256.key'), 'utf8').trim();
  const key = ['--key', 'hmac-sha256.key', '--key-id', 'k', '--algorithm', 'hmac-sha256'];
  const result = await call(['GET', '/a', '--base-url', server.baseUrl, ...key, '--json']);
  expect(result.status).toBe(1);
  expect(result.stdout + result.stderr).not.toContain(secret);
});
