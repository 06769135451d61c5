/** What counts while an answer is gathered to be signed, and what is told without room for it. */
import { describe, expect, it } from 'vitest';
import { releaseBodyBytes, reserveAnswerBytes } from '../../../src/core/body-budget.ts';
import { type Conversion, programEntry } from '../../../src/core/conversion.ts';
import { CounterSet } from '../../../src/core/counters.ts';
import { Exchange, type ExchangeDriver } from '../../../src/core/exchange.ts';
import type { Problem } from '../../../src/core/problems.ts';
import type { HttpAnswer } from '../../../src/data-plane/respond/http-answer.ts';
import { SignedAnswer } from '../../../src/data-plane/respond/signed-answer.ts';
import { anArrival } from '../../support/exchanges.ts';

const PROBLEM = Buffer.from('{"problem":true}');

/** A call whose answer is signed, and the pipeline's part in it. */
class SignedCall implements ExchangeDriver {
  readonly counters = new CounterSet();
  readonly told: string[] = [];
  readonly written: unknown[] = [];
  readonly signed: SignedAnswer;
  readonly exchange: Exchange;

  constructor(heldMaxBytes: number, method = 'POST') {
    const answer = {
      begin: (_: Exchange, status: number, __: unknown, length?: number) =>
        this.written.push([status, length]),
      write: () => true,
      end: (_: Exchange, chunk?: Uint8Array) =>
        this.written.push(chunk && String(Buffer.from(chunk))),
      abort: () => this.written.push('cut'),
    };
    this.signed = new SignedAnswer(answer as unknown as HttpAnswer, {
      conversions: {
        convert: (each: Conversion) => each.settle('converted', ['d', 'i', 's'], each.input),
      },
      ...{ clock: { wallMs: () => 0, monotonicMs: () => 0 }, always: true, bodyMaxBytes: 1_000 },
      program: programEntry('{}'),
      reserve: (holder, bytes) => reserveAnswerBytes(holder, bytes, this.counters, heldMaxBytes),
      targetUriOf: () => 'https://bank.example/',
      reportFailure: () => undefined,
    });
    const transport = { handle: undefined, sink: this.signed };
    this.exchange = new Exchange(anArrival({ method }), transport, this);
    this.exchange.attempts = 1;
  }

  get heldBytes(): number {
    return this.counters.get('body_bytes_buffered');
  }

  resume(exchange: Exchange, refusal?: Problem): void {
    if (refusal === undefined) return;
    this.told.push(refusal.name);
    exchange.isRefused = true;
    this.signed.begin(exchange, refusal.status, [], PROBLEM.length, true);
    this.signed.end(exchange, PROBLEM);
  }

  complete(): void {}
}

const body = (length: number) => Buffer.alloc(length, 'a');
const TOLD = [[502, PROBLEM.length], String(PROBLEM)];

describe('an answer that is gathered to be signed', () => {
  it('counts once while it is gathered, announced or not, until the call is over', () => {
    for (const announced of [10, undefined]) {
      const call = new SignedCall(10);
      const { signed, exchange, written } = call;
      signed.begin(exchange, 200, [], announced, true);
      expect(call.heldBytes).toBe(announced ?? 0);
      signed.write(exchange, body(4));
      signed.end(exchange, body(6));
      expect(call.heldBytes).toBe(10);
      expect(written).toEqual([[200, 10], 'aaaaaaaaaa']);
      releaseBodyBytes(exchange, call.counters);
      expect(call.heldBytes).toBe(0);
    }
  });

  it('does not count again what counts since it was converted or kept', () => {
    const call = new SignedCall(10);
    reserveAnswerBytes(call.exchange, 10, call.counters, 10);
    call.signed.begin(call.exchange, 200, [], 10, true);
    call.signed.end(call.exchange, body(10));
    expect([call.heldBytes, call.told]).toEqual([10, []]);
  });

  it.each([
    ['announced', 11, []],
    ['written', undefined, [body(11)]],
    ['written in parts', undefined, [body(6), body(5)]],
  ])(
    'beyond what may be in memory is refused, %s, and nothing of it follows',
    (_, announced, chunks) => {
      const call = new SignedCall(10);
      const { signed, exchange } = call;
      signed.begin(exchange, 200, [], announced, true);
      for (const chunk of chunks) expect(signed.write(exchange, chunk)).toBe(true);
      signed.write(exchange, body(1));
      signed.end(exchange, body(11));
      signed.abort(exchange);
      expect([call.told, call.written]).toEqual([['answer-overloaded'], TOLD]);
      expect(call.counters.get('bodies_refused_memory')).toBe(1);
    },
  );

  it('that comes in one piece beyond it is refused as well', () => {
    const call = new SignedCall(10);
    call.signed.begin(call.exchange, 200, [], undefined, true);
    call.signed.end(call.exchange, body(11));
    expect([call.told, call.written]).toEqual([['answer-overloaded'], TOLD]);
  });

  it('too long from the start is refused once, whoever hands it over whole', () => {
    const call = new SignedCall(10_000);
    call.signed.begin(call.exchange, 200, [], 1_001, true);
    call.signed.end(call.exchange, body(1_001));
    expect(call.told).toEqual(['answer-too-large']);
    expect(call.written).toHaveLength(2);
  });

  it('without a body holds nothing', () => {
    const call = new SignedCall(10, 'HEAD');
    call.signed.begin(call.exchange, 200, [], 1_000, false);
    call.signed.end(call.exchange);
    expect([call.heldBytes, call.told]).toEqual([0, []]);
  });
});
