import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CounterSet } from '../../../src/core/counters.ts';
import { Exchange, type ExchangeDriver } from '../../../src/core/exchange.ts';
import { problem } from '../../../src/core/problems.ts';
import { Responder } from '../../../src/data-plane/respond/index.ts';
import { anArrival } from '../../support/exchanges.ts';
import { FakeResponse } from './fake-response.ts';

const RESPOND_TIMEOUT_MS = 30_000;
/** After this uWebSockets.js would close a connection on which nothing was attempted. */
const NATIVE_TIMEOUT_MS = 28_000;

let responder: Responder;
let counters: CounterSet;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
  counters = new CounterSet();
  responder = new Responder({ respondTimeoutMs: RESPOND_TIMEOUT_MS, counters });
});

afterEach(() => {
  responder.close();
  vi.useRealTimers();
});

function anAnswered(method = 'GET') {
  const response = new FakeResponse();
  const sink = responder.openSink(response.res);
  const driver: ExchangeDriver = {
    resume: () => undefined,
    complete: completed => {
      completed.completed = true;
      responder.release(completed);
    },
  };
  const exchange = new Exchange(anArrival({ method }), { handle: response, sink }, driver);
  response.onClose = () => {
    if (exchange.completed) return;
    exchange.aborted = true;
    exchange.complete();
  };
  return { response, sink, exchange };
}

describe('a problem', () => {
  it('is written as a document and ends the exchange', () => {
    const { response, exchange } = anAnswered();
    const refusal = problem('method-not-allowed', 'Use GET.', ['allow', 'GET, HEAD']);
    responder.writeProblem(exchange, refusal);
    const [status, ...fields] = response.head.split('\r\n');
    expect(status).toBe('405 Method Not Allowed');
    expect(fields).toEqual([
      'x-request-id: test-request-1',
      'content-type: application/problem+json',
      'cache-control: no-store',
      'allow: GET, HEAD',
    ]);
    const document = JSON.parse(response.ended![0] as string);
    expect(document).toMatchObject({ code: 'method-not-allowed', requestId: 'test-request-1' });
    expect([exchange.completed, exchange.status]).toEqual([true, 405]);
  });

  it('says when to come again, and how to be let in', () => {
    const busy = anAnswered();
    responder.writeProblem(busy.exchange, problem('overloaded', 'No.'));
    expect(busy.response.head).toMatch(/\r\nretry-after: \d+/);
    const unknown = anAnswered();
    responder.writeProblem(unknown.exchange, problem('signature-missing', 'No.'));
    expect(unknown.response.head).toContain('\r\nwww-authenticate: Signature');
  });

  it('to HEAD has no body and says how long it would be', () => {
    const { response, exchange } = anAnswered('HEAD');
    responder.writeProblem(exchange, problem('not-found', 'No.'));
    expect(response.endedWithoutBody).toEqual([expect.any(Number), false]);
    expect(exchange.responseBytes).toBe(0);
  });
});

describe('a peer that takes nothing', () => {
  function stalled() {
    const scene = anAnswered();
    scene.response.room = 0;
    scene.sink.begin(scene.exchange, 200, [], 10, true);
    scene.sink.write(scene.exchange, Buffer.from('abcde'));
    return scene;
  }

  it('is cut after respondTimeoutMs, and the native part does not forestall it', () => {
    const { response, exchange } = stalled();
    let attempts = response.attempts;
    let sinceAttemptMs = 0;
    for (let ms = 0; ms < RESPOND_TIMEOUT_MS - 100; ms += 100) {
      vi.advanceTimersByTime(100);
      sinceAttemptMs = response.attempts > attempts ? 0 : sinceAttemptMs + 100;
      attempts = response.attempts;
      expect(sinceAttemptMs).toBeLessThan(NATIVE_TIMEOUT_MS / 2);
    }
    expect(exchange.completed).toBe(false);
    vi.advanceTimersByTime(200);
    expect([exchange.completed, exchange.aborted]).toEqual([true, true]);
    expect(counters.get('respond_timed_out')).toBe(1);
    expect(responder.stalled.size + responder.reminded.size).toBe(0);
  });

  it('is given the whole time again for every byte that it takes', () => {
    const { response, exchange } = stalled();
    for (let i = 0; i < 3; i += 1) {
      vi.advanceTimersByTime(RESPOND_TIMEOUT_MS - 1_000);
      response.read(1);
    }
    expect(exchange.completed).toBe(false);
    vi.advanceTimersByTime(RESPOND_TIMEOUT_MS + 100);
    expect(counters.get('respond_timed_out')).toBe(1);
  });
});
