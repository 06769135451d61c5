import { describe, expect, it } from 'vitest';
import { CounterSet } from '../../../src/core/counters.ts';
import { Deadlines } from '../../../src/core/deadlines.ts';
import { EvenRelease } from '../../../src/core/even-release.ts';
import { Exchange, type ExchangeDriver } from '../../../src/core/exchange.ts';
import { STAGE } from '../../../src/core/stages.ts';
import { type AnswerHost, HttpAnswer } from '../../../src/data-plane/respond/http-answer.ts';
import { anArrival, identified } from '../../support/exchanges.ts';
import { FakeResponse } from './fake-response.ts';

const ALL_LEAVE = new EvenRelease(0, 0, 0);
/** Largest offer to a peer that is behind. */
const PIECE_MAX_BYTES = 8_192;

interface Scene {
  readonly answer: HttpAnswer;
  readonly exchange: Exchange;
  readonly response: FakeResponse;
  readonly counters: CounterSet;
  readonly host: { leaving: EvenRelease | undefined; stalled: Deadlines<HttpAnswer> };
  /** Calls of the source: `resume`, `cancel`. */
  readonly source: string[];
  completions: number;
}

function aScene(headers: readonly string[] = []): Scene {
  const counters = new CounterSet();
  const response = new FakeResponse();
  const host: Scene['host'] & AnswerHost = {
    counters,
    leaving: undefined,
    stalled: new Deadlines<HttpAnswer>(1_000),
    reminded: new Deadlines<HttpAnswer>(100),
  };
  const answer = new HttpAnswer(response.res, host);
  const driver: ExchangeDriver = {
    resume: () => undefined,
    complete: completed => {
      completed.completed = true;
      scene.completions += 1;
      answer.release(completed);
    },
  };
  const exchange = new Exchange(
    anArrival({ headers: [...headers] }),
    { handle: response, sink: answer },
    driver,
  );
  const source: string[] = [];
  exchange.source = {
    resume: () => source.push('resume'),
    cancel: () => source.push('cancel'),
    giveUp: () => source.push('give up'),
  };
  const scene: Scene = { answer, exchange, response, counters, host, source, completions: 0 };
  response.onClose = () => {
    if (!exchange.completed) exchange.aborted = true;
  };
  return scene;
}

const bytes = (text: string) => Buffer.from(text, 'latin1');

describe('an answer that is known whole', () => {
  it('leaves in one write, head and body', () => {
    const { answer, exchange, response, counters } = aScene();
    answer.begin(exchange, 200, ['x-a', 'é', 'x-a', '2'], 4, true);
    answer.end(exchange, bytes('done'));
    expect(response.head).toBe('200 OK\r\nx-request-id: test-request-1\r\nx-a: é\r\nx-a: 2');
    expect(response.ended).toEqual(['done', false]);
    expect(response.attempts).toBe(1);
    expect([exchange.status, exchange.responseBytes]).toEqual([200, 4]);
    expect(counters.get('response_bytes')).toBe(4);
    expect(exchange.stageMs[STAGE.total]).toBeGreaterThan(0);
  });

  it('is not over before its peer has taken it where it is long', () => {
    const scene = aScene();
    const { answer, exchange, response, host } = scene;
    const body = 'x'.repeat(100_000);
    response.room = 40_000;
    answer.begin(exchange, 200, [], body.length, true);
    exchange.source = undefined;
    answer.end(exchange, bytes(body));
    expect([response.ended, scene.completions, response.body.length]).toEqual([
      undefined,
      0,
      40_000,
    ]);
    response.read(60_000);
    expect([response.body, scene.completions]).toEqual([body, 1]);
    const stalled: HttpAnswer[] = [];
    host.stalled.expire(Number.POSITIVE_INFINITY, each => stalled.push(each));
    expect(stalled).toEqual([]);
  });

  it('does not repeat what the gateway says itself', () => {
    const { answer, exchange, response } = aScene();
    const theirs = ['date', 'x', 'x-request-id', 'x', 'content-length', '9', 'x-b', '1'];
    answer.begin(exchange, 299, theirs, 0, true);
    answer.end(exchange);
    expect(response.head).toBe('299 Unassigned\r\nx-request-id: test-request-1\r\nx-b: 1');
    expect(response.ended).toEqual(['', false]);
  });

  it('of a deprecated API says so, and not what the upstream says of it', () => {
    const { answer, exchange, response } = aScene();
    identified(exchange);
    const { entry } = exchange.target!;
    const deprecationFields = ['deprecation', '@1767225600', 'sunset', 'Thu, 01 Oct 2026'];
    exchange.target = { ...exchange.target!, entry: { ...entry, deprecationFields } };
    const theirs = ['deprecation', '@1', 'x-b', '1', 'sunset', 'never'];
    answer.begin(exchange, 200, theirs, 0, true);
    answer.end(exchange);
    expect(response.head.split('\r\n').slice(2)).toEqual([
      'x-b: 1',
      'deprecation: @1767225600',
      'sunset: Thu, 01 Oct 2026',
    ]);
  });

  it('of any other API passes on what the upstream says of its end', () => {
    const { answer, exchange, response } = aScene();
    identified(exchange);
    answer.begin(exchange, 200, ['sunset', 'soon'], 0, true);
    answer.end(exchange);
    expect(response.head.split('\r\n').slice(2)).toEqual(['sunset: soon']);
  });

  it.each([
    ['draining', true, false],
    ['an untrusted connection', false, true],
  ])('closes the connection for %s', (_name, closing, closeConnection) => {
    const { answer, exchange, response, host } = aScene();
    host.leaving = closing ? ALL_LEAVE : undefined;
    exchange.closeConnection = closeConnection;
    answer.begin(exchange, 200, [], 1, true);
    answer.end(exchange, bytes('x'));
    expect(response.ended).toEqual(['x', true]);
    expect(response.head).not.toContain('connection');
  });

  it('tells the time where it is asked', () => {
    const { answer, exchange, response } = aScene(['x-xingyun-timing', '1']);
    exchange.stageMs[STAGE.verify] = 1.5;
    answer.begin(exchange, 200, [], 0, true);
    answer.end(exchange);
    expect(response.head).toMatch(/server-timing: verify;dur=1\.500, total;dur=\d+\.\d{3}$/);
  });
});

describe('an answer without a body', () => {
  it('announces the length that a body would have', () => {
    const { answer, exchange, response, host } = aScene();
    host.leaving = ALL_LEAVE;
    answer.begin(exchange, 200, [], 1_234, false);
    answer.end(exchange);
    expect(response.endedWithoutBody).toEqual([1_234, true]);
  });

  it.each([
    ['an unknown length', 200, undefined],
    ['204, whatever its length', 204, 7],
  ])('passes no length on with %s', (_name, status, length) => {
    const { answer, exchange, response } = aScene();
    answer.begin(exchange, status, [], length, false);
    answer.end(exchange);
    expect(response.endedWithoutBody).toEqual([]);
    expect(response.head).not.toContain('connection');
  });

  it('says that the connection will close where the native part cannot', () => {
    const { answer, exchange, response, host } = aScene();
    host.leaving = ALL_LEAVE;
    answer.begin(exchange, 204, [], undefined, false);
    answer.end(exchange);
    expect(response.endedWithoutBody).toEqual([]);
    expect(response.head).toMatch(/\r\nconnection: close$/);
  });
});

describe('a streamed answer with a length', () => {
  it('keeps a copy of what the kernel does not take, and asks for a pause', () => {
    const { answer, exchange, response, source } = aScene();
    response.room = 3;
    answer.begin(exchange, 200, [], 9, true);
    const shared = bytes('abcdef');
    expect(answer.write(exchange, shared)).toBe(false);
    shared.fill('#');
    expect(source).toEqual([]);
    response.read(1);
    expect(source).toEqual([]);
    response.read(2);
    expect(source).toEqual(['resume']);
    expect(answer.write(exchange, bytes('ghi'))).toBe(false);
    answer.end(exchange);
    response.read(10);
    expect(response.body).toBe('abcdefghi');
    expect(response.totalSize).toBe(9);
    expect(exchange.completed).toBe(true);
  });

  it('ends once when the last byte was taken at once', () => {
    const scene = aScene();
    const { answer, exchange, response } = scene;
    answer.begin(exchange, 200, [], 6, true);
    expect(answer.write(exchange, bytes('abc'))).toBe(true);
    expect(answer.write(exchange, bytes('def'))).toBe(true);
    answer.end(exchange);
    expect(response.body).toBe('abcdef');
    expect(scene.completions).toBe(1);
  });

  it('believes the native part that everything was taken even where the write failed', () => {
    const { answer, exchange, response } = aScene();
    response.saysFailed = true;
    answer.begin(exchange, 200, [], 3, true);
    expect(answer.write(exchange, bytes('abc'))).toBe(true);
    answer.end(exchange);
    expect(exchange.completed).toBe(true);
  });

  it('pauses where a write failed although all of it was taken', () => {
    const { answer, exchange, response, source } = aScene();
    response.saysFailed = true;
    answer.begin(exchange, 200, [], 6, true);
    expect(answer.write(exchange, bytes('abc'))).toBe(false);
    response.saysFailed = false;
    response.read(1);
    expect(source).toEqual(['resume']);
    expect(response.body).toBe('abc');
  });

  it('says with the head that the connection will close', () => {
    const { answer, exchange, response, host } = aScene();
    host.leaving = ALL_LEAVE;
    answer.begin(exchange, 200, [], 6, true);
    answer.write(exchange, bytes('abc'));
    expect(response.head).toMatch(/\r\nconnection: close$/);
  });

  it('takes what a source gives in spite of the pause', () => {
    const { answer, exchange, response } = aScene();
    response.room = 1;
    answer.begin(exchange, 200, [], 6, true);
    expect(answer.write(exchange, bytes('abc'))).toBe(false);
    expect(answer.write(exchange, bytes('def'))).toBe(false);
    answer.end(exchange);
    response.read(5);
    expect(response.body).toBe('abcdef');
    expect(exchange.completed).toBe(true);
  });
});

describe('a streamed answer in chunks', () => {
  it('goes out as it comes while the peer keeps up', () => {
    const { answer, exchange, response } = aScene();
    answer.begin(exchange, 200, [], undefined, true);
    expect(answer.write(exchange, Buffer.alloc(60_000))).toBe(true);
    expect(answer.write(exchange, Buffer.alloc(60_000))).toBe(true);
    answer.end(exchange);
    expect(response.offered).toEqual([60_000, 60_000]);
    expect(response.ended).toEqual(['', false]);
  });

  it('is offered in small pieces to a peer that is behind, so that little is held', () => {
    const { answer, exchange, response, source } = aScene();
    const parts = Array.from({ length: 20 }, (_, i) => Buffer.alloc(60_000, `part ${i} of 20;`));
    response.room = 1_000;
    answer.begin(exchange, 200, [], undefined, true);
    let given = 0;
    let heldMost = 0;
    const give = () => answer.write(exchange, parts[given++]!);
    expect(give()).toBe(false);
    const heldFirst = response.held.length;
    while (given < parts.length || response.held !== '') {
      response.read(600);
      if (source.splice(0).length > 0 && given < parts.length) give();
      heldMost = Math.max(heldMost, response.held.length);
    }
    expect(heldMost).toBeLessThanOrEqual(heldFirst);
    expect(Math.max(...response.offered.slice(1))).toBeLessThanOrEqual(PIECE_MAX_BYTES);
    expect(response.body).toBe(Buffer.concat(parts).toString('latin1'));
  });

  it('ends only when what is held for the peer has left', () => {
    const { answer, exchange, response, host } = aScene();
    response.room = 10;
    answer.begin(exchange, 200, [], undefined, true);
    expect(answer.write(exchange, bytes('0123456789abc'))).toBe(false);
    answer.end(exchange);
    expect(exchange.completed).toBe(false);
    expect(host.stalled.size).toBe(1);
    response.read(100);
    expect(response.body).toBe('0123456789abc');
    expect(exchange.completed).toBe(true);
    expect(host.stalled.size).toBe(0);
  });

  it('flushes what is held even when the source has nothing more to say', () => {
    const { answer, exchange, response } = aScene();
    response.room = 1;
    answer.begin(exchange, 200, [], undefined, true);
    answer.write(exchange, bytes('abc'));
    response.read(100);
    expect(response.body).toBe('abc');
  });
});

describe('a peer that takes nothing', () => {
  function stalled(length: number | undefined) {
    const scene = aScene();
    scene.response.room = 0;
    scene.answer.begin(scene.exchange, 200, [], length, true);
    scene.answer.write(scene.exchange, bytes('abcdef'));
    return scene;
  }

  it.each([[12], [undefined]])('is cut and counted (length %s)', length => {
    const { answer, exchange, response, counters, host } = stalled(length);
    expect(host.stalled.size).toBe(1);
    answer.cut();
    expect(response.closed).toBe(true);
    expect(exchange.aborted).toBe(true);
    expect(counters.get('respond_timed_out')).toBe(1);
    answer.cut();
    answer.remind();
    expect(counters.get('respond_timed_out')).toBe(1);
  });

  it.each([[120], [undefined]])('is offered more in time (length %s)', length => {
    const { answer, exchange, response, host, source } = stalled(length);
    exchange.source = {
      resume: () => {
        source.push('resume');
        expect(answer.write(exchange, Buffer.alloc(1_000))).toBe(false);
      },
      cancel: () => undefined,
      giveUp: () => undefined,
    };
    const due = performance.now() + 1_000;
    for (let i = 0; i < 3; i += 1) {
      const before = response.attempts;
      answer.remind();
      expect(response.attempts).toBeGreaterThan(before);
    }
    expect(source).toHaveLength(length === undefined ? 1 : 0);
    // Nothing was taken, so the peer's own time goes on.
    let expired = 0;
    host.stalled.expire(due, () => {
      expired += 1;
    });
    expect(expired).toBe(1);
  });

  it('gets no answer once it has left, and the source is heard out', () => {
    const { answer, exchange, response, counters } = stalled(12);
    exchange.aborted = true;
    const { attempts } = response;
    expect(answer.write(exchange, bytes('ghi'))).toBe(true);
    answer.end(exchange);
    expect(exchange.completed).toBe(true);
    expect(response.attempts).toBe(attempts);
    expect(exchange.responseBytes).toBe(0);
    expect(counters.get('response_bytes')).toBe(0);
  });
});

describe('a source that breaks off', () => {
  it('costs the connection, which is not the peer’s doing', () => {
    const { answer, exchange, response } = aScene();
    answer.begin(exchange, 200, [], 10, true);
    answer.write(exchange, bytes('half'));
    answer.abort(exchange);
    expect(response.closed).toBe(true);
    expect([exchange.completed, exchange.aborted, exchange.status]).toEqual([true, false, 200]);
  });

  it('before the first byte leaves no status', () => {
    const { answer, exchange, response } = aScene();
    answer.begin(exchange, 200, [], 10, true);
    answer.abort(exchange);
    expect([exchange.status, response.head, response.closed]).toEqual([0, '', true]);
  });

  it('touches nothing where the peer has left or has got everything', () => {
    const left = aScene();
    left.answer.begin(left.exchange, 200, [], 10, true);
    left.exchange.aborted = true;
    left.answer.abort(left.exchange);
    expect([left.exchange.completed, left.response.closed]).toEqual([true, false]);
    const whole = aScene();
    whole.answer.begin(whole.exchange, 200, [], 3, true);
    whole.answer.write(whole.exchange, bytes('abc'));
    whole.answer.abort(whole.exchange);
    expect([whole.exchange.completed, whole.response.closed]).toEqual([true, false]);
  });
});
