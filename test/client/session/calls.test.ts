import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { JsonText, ProblemError, SessionError } from '../../../src/client/index.ts';
import { FakeNetwork, outcomeOf, settled } from './fake-network.ts';

let network: FakeNetwork;
beforeEach(() => {
  vi.useFakeTimers();
  network = new FakeNetwork();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('a call', () => {
  it('names an operation and its parameters', async () => {
    const session = await network.session();
    const call = session.call('accounts.getBalance', {
      path: { accountId: 'a-1' },
      query: { currency: ['CNY', 'USD'] },
      headers: { 'X-Trace': '1' },
      body: { a: 1 },
    });
    expect(network.socket.last).toEqual({
      jsonrpc: '2.0',
      id: 1,
      method: 'accounts.getBalance',
      params: {
        path: { accountId: 'a-1' },
        query: { currency: ['CNY', 'USD'] },
        headers: { 'x-trace': '1' },
        body: { a: 1 },
      },
    });
    network.socket.answer(1, { balance: 7 });
    expect(await call).toEqual({ status: 200, headers: {}, body: { balance: 7 } });
  });

  it('names a method and a path in canonical form', async () => {
    const session = await network.session();
    void outcomeOf(session.request('get', '/a/../accounts/v1/é?limit=2'));
    expect(network.socket.last).toMatchObject({
      method: 'call',
      params: { method: 'GET', path: '/accounts/v1/%C3%A9?limit=2' },
    });
  });

  it('is refused where the path is outside the base URL', async () => {
    const session = await network.session({ baseUrl: 'http://bank.test/open' });
    for (const path of ['http://other.test/a', 'relative', 'http://bank.test/elsewhere']) {
      await expect(session.request('GET', path)).rejects.toThrow(TypeError);
    }
    expect(network.socket.sent).toEqual([]);
  });

  it('gets its own answer, whatever the order', async () => {
    const session = await network.session();
    const calls = [1, 2, 3].map(n => session.call('a.b', { query: { n } }));
    for (const id of [3, 1, 2]) network.socket.answer(id, { n: id });
    const bodies = (await Promise.all(calls)).map(({ body }) => body);
    expect(bodies).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }]);
  });

  it('is sent with the exact text of a JsonText, and bytes in base64 with their type', async () => {
    const session = await network.session();
    const text = '{"amount": 1.00, "n": 12345678901234567890}';
    void outcomeOf(session.request('POST', '/a', new JsonText(text)));
    expect(network.socket.frames.at(-1)).toContain(`"body":${text}}`);
    void outcomeOf(session.request('POST', '/a', new Uint8Array([0, 255])));
    expect(network.socket.last.params).toMatchObject({
      bodyBase64: 'AP8=',
      headers: { 'content-type': 'application/octet-stream' },
    });
    expect(() => new JsonText('{')).toThrow(SyntaxError);
    await expect(session.request('POST', '/a', () => 1)).rejects.toThrow(TypeError);
  });

  it('gets bytes back as bytes, and text as text', async () => {
    const session = await network.session();
    const bytes = session.call('a.b');
    const headers = { 'content-type': 'application/pdf' };
    network.socket.result(1, { status: 200, headers, bodyBase64: 'AP8=' });
    expect(await bytes).toMatchObject({ headers, body: new Uint8Array([0, 255]) });
    const none = session.call('a.b');
    network.socket.result(2, { status: 204 });
    expect(await none).toMatchObject({ status: 204, body: undefined });
  });

  it('rejects with the problem that the gateway names', async () => {
    const session = await network.session();
    const call = outcomeOf(session.call('a.b'));
    network.socket.refuse(1, 'rate-limited', {
      status: 429,
      detail: 'because',
      requestId: 'r-1',
      retryAfterSeconds: 2,
    });
    const { error } = await call;
    expect(error).toBeInstanceOf(ProblemError);
    expect(error).toMatchObject({
      code: 'rate-limited',
      status: 429,
      detail: 'because',
      requestId: 'r-1',
      retryAfterSeconds: 2,
      body: { code: 'rate-limited' },
    });
  });

  it.each([
    ['its problem', { type: '/bank/no-funds', status: 409, code: 'no-funds' }, 'no-funds', 409],
    ['a status and a body', { status: 418, body: { tea: true } }, 'http-418', 418],
    ['nothing', undefined, 'rpc-32001', 0],
  ])('rejects with what the upstream answered: %s', async (_name, data, code, status) => {
    const session = await network.session();
    const call = outcomeOf(session.call('a.b'));
    network.socket.say({ jsonrpc: '2.0', id: 1, error: { code: -32_001, message: 'no', data } });
    const { error } = await call;
    expect(error).toMatchObject({ code, status });
    if (status === 418) expect(error!.body).toEqual({ tea: true });
  });

  it('rejects where the answer is none', async () => {
    const session = await network.session();
    const call = outcomeOf(session.call('a.b'));
    network.socket.result(1, 'ok');
    expect((await call).error).toMatchObject({ code: 'protocol-error' });
  });

  it('is not sent where it is too large, and harms no other', async () => {
    const session = await network.session({ limits: { messageMaxBytes: 1_000 } });
    const fits = session.request('POST', '/a', 'x'.repeat(800));
    await expect(session.request('POST', '/a', '好'.repeat(400))).rejects.toMatchObject({
      code: 'message-too-large',
      mayHaveTakenEffect: false,
    });
    network.socket.answer(1);
    expect((await fits).status).toBe(200);
  });

  it('fails alone where its parameters cannot be encoded', async () => {
    const session = await network.session();
    const loop: Record<string, never> = {};
    Object.assign(loop, { self: loop });
    await expect(session.call('a.b', { query: loop })).rejects.toThrow(TypeError);
    const next = session.call('a.b');
    network.socket.answer(network.socket.last.id!);
    expect((await next).status).toBe(200);
  });
});

describe('a signed message', () => {
  it('is signed over its HTTP form with the bytes of the body that it carries', async () => {
    const session = await network.session({ baseUrl: 'https://bank.test/open' });
    const call = session.request('POST', '/t?x=1', { 金额: 1 }, { sign: true });
    await settled();
    const signed = network.signed.at(-1)!;
    expect(signed).toMatchObject({
      method: 'POST',
      targetUri: 'https://bank.test/open/t?x=1',
      contentType: 'application/json',
    });
    const text = new TextDecoder().decode(signed.body);
    expect(network.socket.frames[0]).toContain(`"body":${text}`);
    expect(network.socket.last.params).toMatchObject({
      path: '/open/t?x=1',
      headers: {
        'content-type': 'application/json',
        'signature-input': 'sig=(2)',
        signature: 'sig=:AA==:',
      },
    });
    network.socket.answer(1);
    await call;
  });

  it('does not overtake the limit while it is being signed', async () => {
    const session = await network.session({ limits: { callsInFlightMax: 1 } });
    const signed = session.request('POST', '/a', 1, { sign: true });
    void outcomeOf(session.call('a.b'));
    await settled();
    expect(network.socket.sent.map(({ method }) => method)).toEqual(['call']);
    network.socket.answer(1);
    await signed;
    expect(network.socket.sent).toHaveLength(2);
  });

  it('fails alone where nobody signs it', async () => {
    const session = await network.session();
    vi.spyOn(network.signer, 'sign').mockRejectedValueOnce(new Error('no key'));
    const { error } = await outcomeOf(session.request('POST', '/a', 1, { sign: true }));
    expect(error).toMatchObject({ code: 'signing-failed', mayHaveTakenEffect: false });
    expect(error!.cause!.message).toBe('no key');
    const next = session.call('a.b');
    network.socket.answer(network.socket.last.id!);
    expect((await next).status).toBe(200);
  });

  it('gives its place back at its deadline where whoever signs never answers', async () => {
    const session = await network.session({ limits: { callsInFlightMax: 2 } });
    const late = Promise.withResolvers<never>();
    vi.spyOn(network.signer, 'sign')
      .mockReturnValueOnce(late.promise)
      .mockReturnValue(late.promise);
    const spec = { method: 'POST', path: '/a', sign: true };
    const signed = session.batch([spec, spec], { deadlineMs: 1_000 });
    const next = session.call('a.next');
    await vi.advanceTimersByTimeAsync(1_000);
    expect((await signed).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(network.socket.sent.map(({ method }) => method)).toEqual(['a.next']);
    late.reject(new Error('too late'));
    await settled();
    const others = [session.call('a.b'), session.call('a.c')];
    expect(network.socket.sent).toHaveLength(2);
    for (const id of [1, 2, 3]) network.socket.answer(id);
    for (const call of [next, ...others]) expect((await call).status).toBe(200);
  });

  it('is not sent where it was given up while it was being signed', async () => {
    const session = await network.session();
    const controller = new AbortController();
    const options = { sign: true, signal: controller.signal };
    const call = outcomeOf(session.request('POST', '/a', 1, options));
    controller.abort();
    await call;
    await settled();
    expect(network.socket.frames).toEqual([]);
  });
});

describe('closing', () => {
  it('rejects what is in flight and what waits, and says which may have taken effect', async () => {
    const session = await network.session({ limits: { callsInFlightMax: 1 } });
    const inFlight = outcomeOf(session.call('a.b'));
    const waiting = outcomeOf(session.call('a.c'));
    await session.close();
    expect((await inFlight).error).toMatchObject({
      code: 'session-closed',
      mayHaveTakenEffect: true,
    });
    expect((await waiting).error).toMatchObject({
      code: 'session-closed',
      mayHaveTakenEffect: false,
    });
    expect(await session.ended).toBeUndefined();
    expect(network.socket.isClosing).toBe(true);
    await expect(session.call('a.b')).rejects.toBeInstanceOf(SessionError);
    expect(vi.getTimerCount()).toBe(0);
    await session.close();
    expect(network.sockets).toHaveLength(1);
  });

  it('resolves for whoever asked, however often it was asked for', async () => {
    const session = await network.session();
    const closings = [session.close(), session.close()];
    await Promise.all(closings);
    expect(network.socket.isClosing).toBe(true);
    await session.close();
  });

  it('happens at the end of an await using', async () => {
    {
      await using session = await network.session();
      void session;
    }
    expect(network.socket.isClosing).toBe(true);
  });
});
