import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createPartnerClient, NOT_EXECUTED, ProblemError } from '../../src/client/index.ts';
import {
  PROBLEM_NAMES,
  PROBLEMS,
  type ProblemName,
  problem,
  problemDocument,
} from '../../src/core/problems.ts';
import { testKey } from './signing-keys.ts';

const KEY = testKey('hmac-sha256');
const BASE = 'http://bank.test:8080';

interface Sent {
  readonly url: string;
  readonly method: string;
  readonly headers: Headers;
  readonly body: string;
}

/** A fetch that answers from a list and remembers what it was asked. */
function fakeFetch(answers: readonly (() => Response)[]) {
  const sent: Sent[] = [];
  const send: typeof globalThis.fetch = async (url, init) => {
    const answer = answers[Math.min(sent.length, answers.length - 1)]!;
    sent.push({
      url: String(url),
      method: init?.method ?? 'GET',
      headers: new Headers(init?.headers),
      body: await new Response(init?.body ?? null).text(),
    });
    return answer();
  };
  return { sent, send };
}

const ok = () => Response.json({ fine: true });

function refusal(name: ProblemName, headers: Record<string, string> = {}): () => Response {
  return () =>
    new Response(problemDocument(problem(name, 'because'), 'req-1'), {
      status: PROBLEMS[name].status,
      headers: { 'content-type': 'application/problem+json', ...headers },
    });
}

function clientOf(send: typeof globalThis.fetch, options: object = {}) {
  return createPartnerClient({
    baseUrl: BASE,
    keyId: 'key-1',
    privateKey: KEY.privateKey,
    algorithm: 'hmac-sha256',
    fetch: send,
    random: () => 0.5,
    ...options,
  });
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

async function settle<T>(call: Promise<T>): Promise<T> {
  const outcome = call.then(
    value => ({ value }),
    (error: unknown) => ({ error }),
  );
  await vi.runAllTimersAsync();
  const result = await outcome;
  if ('error' in result) throw result.error;
  return result.value;
}

describe('what may be repeated', () => {
  const safe = PROBLEM_NAMES.filter(name => PROBLEMS[name].retry);
  const unsafe = PROBLEM_NAMES.filter(name => NOT_EXECUTED.has(name));

  it.each(PROBLEM_NAMES)('%s: a GET follows the table', async name => {
    const { sent, send } = fakeFetch([refusal(name), ok]);
    const response = await settle(clientOf(send).fetch('/a'));
    expect(sent).toHaveLength(safe.includes(name) ? 2 : 1);
    expect(response.status).toBe(safe.includes(name) ? 200 : PROBLEMS[name].status);
  });

  it.each(PROBLEM_NAMES)('%s: a POST only where the call was not carried out', async name => {
    const { sent, send } = fakeFetch([refusal(name), ok]);
    await settle(clientOf(send).fetch('/a', { method: 'POST', body: 'x' }));
    expect(sent).toHaveLength(unsafe.includes(name) ? 2 : 1);
  });

  it.each(PROBLEM_NAMES)('%s: a POST with a key is repeated as a GET is', async name => {
    const { sent, send } = fakeFetch([refusal(name), ok]);
    const headers = { 'Idempotency-Key': 'k-1' };
    await settle(clientOf(send).fetch('/a', { method: 'POST', body: 'x', headers }));
    expect(sent).toHaveLength(safe.includes(name) ? 2 : 1);
  });

  it('is only what the table allows', () => {
    for (const name of NOT_EXECUTED) expect(PROBLEMS[name].retry).toBe(true);
    for (const name of [
      'signature-replayed',
      'upstream-unreachable',
      'upstream-timeout',
    ] as const) {
      expect(NOT_EXECUTED.has(name)).toBe(false);
    }
  });

  it('is not a problem of the system behind the gateway', async () => {
    const body = JSON.stringify({ type: '/bank-problems/overloaded', code: 'overloaded' });
    const headers = { 'content-type': 'application/problem+json' };
    const { sent, send } = fakeFetch([() => new Response(body, { status: 503, headers }), ok]);
    const response = await settle(clientOf(send).fetch('/a'));
    expect(sent).toHaveLength(1);
    expect(await response.text()).toBe(body);
  });

  it('is not an answer that only looks like a problem', async () => {
    const headers = { 'content-type': 'application/problem+json' };
    for (const text of ['not json', '[]', 'null', '{"code":7}', 'x'.repeat(100_000)]) {
      const { sent, send } = fakeFetch([() => new Response(text, { status: 503, headers }), ok]);
      const response = await settle(clientOf(send).fetch('/a'));
      expect(sent).toHaveLength(1);
      expect(await response.text()).toBe(text);
    }
  });

  it('is a GET whose connection broke, but not a POST', async () => {
    const broken = () => {
      throw new TypeError('fetch failed');
    };
    const get = fakeFetch([broken, ok]);
    expect((await settle(clientOf(get.send).fetch('/a'))).status).toBe(200);
    const post = fakeFetch([broken, ok]);
    await expect(settle(clientOf(post.send).fetch('/a', { method: 'POST' }))).rejects.toThrow(
      'fetch failed',
    );
    expect(post.sent).toHaveLength(1);
    const keyed = fakeFetch([broken, ok]);
    const options = { idempotencyKey: 'k-1' };
    await settle(clientOf(keyed.send).request('POST', '/a', { n: 1 }, options));
    expect(keyed.sent.map(({ headers }) => headers.get('idempotency-key'))).toEqual(['k-1', 'k-1']);
    expect(keyed.sent[1]!.headers.get('signature-input')).toContain('"idempotency-key"');
  });
});

describe('each attempt', () => {
  it('is signed anew over the same body', async () => {
    const { sent, send } = fakeFetch([refusal('overloaded'), refusal('overloaded'), ok]);
    await settle(clientOf(send).fetch('/a?b=1', { method: 'POST', body: '{"n":1}' }));
    expect(sent.map(({ body }) => body)).toEqual(['{"n":1}', '{"n":1}', '{"n":1}']);
    expect(sent.every(({ url }) => url === `${BASE}/a?b=1`)).toBe(true);
    expect(new Set(sent.map(({ headers }) => headers.get('signature'))).size).toBe(3);
    expect(new Set(sent.map(({ headers }) => headers.get('content-digest'))).size).toBe(1);
  });

  it('is counted: attemptsMax sendings and no more', async () => {
    for (const attemptsMax of [1, 2, 5]) {
      const { sent, send } = fakeFetch([refusal('overloaded')]);
      const client = clientOf(send, { retry: { attemptsMax } });
      expect((await settle(client.fetch('/a'))).status).toBe(503);
      expect(sent).toHaveLength(attemptsMax);
    }
  });

  it('waits with growing, jittered pauses on top of Retry-After', async () => {
    const { sent, send } = fakeFetch([
      refusal('overloaded'),
      refusal('overloaded', { 'retry-after': '2' }),
      ok,
    ]);
    const call = clientOf(send, { retry: { backoffMs: 100 } }).fetch('/a');
    await vi.advanceTimersByTimeAsync(49);
    expect(sent).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(sent).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(2_099);
    expect(sent).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(1);
    expect((await call).status).toBe(200);
  });

  it('takes Retry-After as a date too', async () => {
    vi.setSystemTime(1_700_000_000_000);
    const date = new Date(1_700_000_003_000).toUTCString();
    const { sent, send } = fakeFetch([refusal('overloaded', { 'retry-after': date }), ok]);
    const call = clientOf(send, { random: () => 0 }).fetch('/a');
    await vi.advanceTimersByTimeAsync(2_999);
    expect(sent).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1);
    expect((await call).status).toBe(200);
  });

  it('is the last one where Retry-After asks for too long', async () => {
    const { sent, send } = fakeFetch([refusal('overloaded', { 'retry-after': '3600' }), ok]);
    expect((await settle(clientOf(send).fetch('/a'))).status).toBe(503);
    expect(sent).toHaveLength(1);
  });

  it('ends with the signal while it waits', async () => {
    const { sent, send } = fakeFetch([refusal('overloaded', { 'retry-after': '9' }), ok]);
    const controller = new AbortController();
    const call = clientOf(send).fetch('/a', { signal: controller.signal });
    const failed = expect(call).rejects.toThrow('enough');
    await vi.advanceTimersByTimeAsync(1_000);
    controller.abort(new Error('enough'));
    await failed;
    expect(sent).toHaveLength(1);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('the target', () => {
  it('is signed as fetch will send it', async () => {
    const { sent, send } = fakeFetch([ok]);
    const client = clientOf(send, { baseUrl: `${BASE}/open/` });
    await client.fetch('/a/../b c?d=é#part');
    expect(sent[0]!.url).toBe(`${BASE}/open/b%20c?d=%C3%A9`);
  });

  it('is never another host, nor outside the prefix', async () => {
    const { sent, send } = fakeFetch([ok]);
    const client = clientOf(send, { baseUrl: `${BASE}/open` });
    const foreign = ['https://bank.test:8080/open/a', 'http://other.test/open/a', `${BASE}/opener`];
    for (const url of [...foreign, '/../secret', 'relative']) {
      await expect(client.fetch(url)).rejects.toThrow(TypeError);
    }
    expect(sent).toHaveLength(0);
  });

  it('may start with two slashes without becoming a host', async () => {
    const { sent, send } = fakeFetch([ok]);
    await clientOf(send).fetch('//evil.test/a');
    expect(sent[0]!.url).toBe(`${BASE}//evil.test/a`);
  });
});

describe('bodies', () => {
  it.each([
    ['text', 'hello', 'text/plain;charset=UTF-8'],
    ['bytes', new Uint8Array([0, 255]), 'application/octet-stream'],
    ['a form', new URLSearchParams({ a: '1' }), 'application/x-www-form-urlencoded;charset=UTF-8'],
    ['a stream', new Blob(['streamed']).stream(), 'application/octet-stream'],
  ])('%s are covered with their media type', async (_name, body, type) => {
    const { sent, send } = fakeFetch([ok]);
    await clientOf(send).fetch('/a', { method: 'POST', body });
    expect(sent[0]!.headers.get('content-type')).toBe(type);
    expect(sent[0]!.headers.get('signature-input')).toContain('"content-digest" "content-type"');
  });

  it('never carry a signature that the caller left in the headers', async () => {
    const { sent, send } = fakeFetch([ok]);
    const headers = { signature: 'old=:AA==:', 'content-digest': 'sha-256=:AA==:' };
    await clientOf(send).fetch('/a', { headers });
    expect(sent[0]!.headers.get('signature')).toMatch(/^sig=:/);
    expect(sent[0]!.headers.get('content-digest')).toBeNull();
  });
});

describe('request', () => {
  it('sends and returns JSON', async () => {
    const { sent, send } = fakeFetch([() => Response.json({ id: 'T-1' }, { status: 201 })]);
    const answer = await clientOf(send).request<{ id: string }>('POST', '/t', { amount: 1 });
    expect(answer.id).toBe('T-1');
    expect(sent[0]!.body).toBe('{"amount":1}');
    expect(sent[0]!.headers.get('content-type')).toBe('application/json');
  });

  it('returns undefined where there is no content', async () => {
    const { send } = fakeFetch([() => new Response(null, { status: 204 })]);
    expect(await clientOf(send).request('DELETE', '/t')).toBeUndefined();
  });

  it('throws the problem with everything that a caller needs', async () => {
    const { send } = fakeFetch([refusal('not-subscribed', { 'retry-after': '7' })]);
    const error = await clientOf(send)
      .request('GET', '/t')
      .catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(ProblemError);
    expect(error).toMatchObject({
      code: 'not-subscribed',
      status: 403,
      detail: 'because',
      requestId: 'req-1',
      retryAfterSeconds: 7,
    });
  });

  it('names the status where the answer is no problem document', async () => {
    const headers = { 'x-request-id': 'req-9' };
    const { send } = fakeFetch([() => new Response('<html>', { status: 500, headers })]);
    const error = await clientOf(send)
      .request('GET', '/t')
      .catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: 'http-500', status: 500, requestId: 'req-9' });
  });
});

describe('sign', () => {
  it('covers the URI that fetch would use', async () => {
    const client = clientOf(fakeFetch([ok]).send);
    const fixed = { created: 1_700_000_000, nonce: 'n' };
    const relative = client.sign({ method: 'GET', path: '/a', ...fixed });
    const absolute = client.sign({ method: 'GET', path: `${BASE}/a`, ...fixed });
    expect(relative).toEqual(absolute);
  });
});

describe('a deadline', () => {
  it('goes with each attempt', async () => {
    const { sent, send } = fakeFetch([refusal('overloaded'), ok]);
    const answered = clientOf(send).request('GET', '/a', undefined, { deadlineMs: 1_500 });
    await vi.runAllTimersAsync();
    await answered;
    expect(sent.map(({ headers }) => headers.get('x-xingyun-deadline-ms'))).toEqual([
      '1500',
      '1500',
    ]);
  });
});
