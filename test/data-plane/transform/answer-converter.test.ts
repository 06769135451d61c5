/** What becomes of an answer that is gathered, whatever the workers and its caller do meanwhile. */
import { describe, expect, it } from 'vitest';
import { reserveAnswerBytes } from '../../../src/core/body-budget.ts';
import type { Conversion, ConversionOutcome } from '../../../src/core/conversion.ts';
import { CounterSet } from '../../../src/core/counters.ts';
import { type AnswerSink, Exchange } from '../../../src/core/exchange.ts';
import { Resumptions } from '../../../src/core/resumptions.ts';
import type { PayloadRecord } from '../../../src/core/snapshot.ts';
import { AnswerConverter } from '../../../src/data-plane/transform/answer-converter.ts';
import { ProgramTable } from '../../../src/data-plane/transform/program-table.ts';
import { anArrival, RecordingDriver } from '../../support/exchanges.ts';

const PAYLOAD = { id: 'p', source: '{}', answerType: 'application/json' } as PayloadRecord;
const BANKS = ['content-type', 'application/xml', 'etag', '"1"', 'x-a', '1'];

class HeadSink implements AnswerSink {
  readonly heads: unknown[] = [];
  ended = 0;
  begin(_: Exchange, status: number, headers: readonly string[], length?: number): void {
    this.heads.push([status, headers, length]);
  }
  write(): boolean {
    return true;
  }
  end(): void {
    this.ended += 1;
  }
  abort(): void {}
}

/** A call under way whose answers are converted with that outcome. */
function aCall(
  method: string,
  attempts: number,
  outcome: ConversionOutcome = 'converted',
  heldMaxBytes = 1_000,
) {
  const driver = new RecordingDriver();
  const counters = new CounterSet();
  const sink = new HeadSink();
  const exchange = new Exchange(anArrival({ method }), { handle: undefined, sink }, driver);
  exchange.attempts = attempts;
  const conversions = {
    convert: (conversion: Conversion) => conversion.settle(outcome, [], conversion.input),
  };
  const options = {
    ...{ conversions, programs: new ProgramTable(), bodyMaxBytes: 1_000, answerMaxBytes: 1_000 },
    resumptions: new Resumptions(queueMicrotask),
    reserve: () => true,
    reserveAnswer: (holder: Exchange, bytes: number) =>
      reserveAnswerBytes(holder, bytes, counters, heldMaxBytes),
    hasKeyOf: () => true,
    reportFailure: () => undefined,
  };
  const converter = new AnswerConverter(exchange, PAYLOAD, options, 'json');
  const answer = (status: number, hasBody = true) => {
    converter.begin(exchange, status, BANKS, 2, hasBody);
    converter.end(exchange, hasBody ? Buffer.from('{}') : undefined);
  };
  return { exchange, driver, sink, answer, converter };
}

describe('an answer for which the workers have no room', () => {
  it('is told so that a call which took effect is not repeated', () => {
    const { driver, answer } = aCall('POST', 1, 'saturated');
    answer(200);
    expect(driver.resumed).toMatchObject([{ name: 'answer-overloaded', status: 502 }]);
  });

  it('may be asked for again where it was kept, and nothing was sent', () => {
    const { driver, answer } = aCall('POST', 0, 'saturated');
    answer(200);
    expect(driver.resumed).toMatchObject([{ name: 'overloaded' }]);
  });
});

describe('the bytes of an answer', () => {
  it('count once, announced or not', () => {
    const announced = aCall('GET', 1);
    announced.answer(200);
    expect(announced.exchange.bodyReservedBytes).toBe(2);
    const { converter, exchange, sink } = aCall('GET', 1);
    converter.begin(exchange, 200, [], undefined, true);
    converter.write(exchange, Buffer.from('{'));
    converter.end(exchange, Buffer.from('}'));
    expect([exchange.bodyReservedBytes, sink.ended]).toEqual([2, 1]);
  });

  it('are not gathered where there is no room for them', () => {
    const announced = aCall('POST', 1, 'converted', 1);
    announced.answer(200);
    expect(announced.driver.resumed).toMatchObject([{ name: 'answer-overloaded' }]);
    const { converter, exchange, driver, sink } = aCall('POST', 1, 'converted', 1);
    converter.begin(exchange, 200, [], undefined, true);
    converter.write(exchange, Buffer.from('{ }'));
    converter.end(exchange);
    expect(driver.resumed).toMatchObject([{ name: 'answer-overloaded' }]);
    expect(sink.heads).toEqual([]);
  });
});

describe('an answer to HEAD', () => {
  it('has the fields that one to GET has, and no length of other bytes', () => {
    const { sink, answer } = aCall('HEAD', 1);
    answer(200, false);
    const fields = ['content-type', 'application/json', 'vary', 'accept, accept-encoding'];
    expect(sink.heads).toEqual([[200, [...fields, 'etag', 'W/"1"', 'x-a', '1'], undefined]]);
  });

  it('and one of 304 have the tag of the converted answer, which is a weak one', () => {
    const { sink, answer } = aCall('GET', 1);
    answer(304, false);
    const fields = ['content-type', 'application/xml', 'etag', 'W/"1"', 'x-a', '1'];
    expect(sink.heads).toEqual([[304, fields, undefined]]);
  });

  it('passes as it is where one to GET would', () => {
    const { sink, answer } = aCall('HEAD', 1);
    answer(404, false);
    expect(sink.heads).toEqual([[404, BANKS, 2]]);
  });
});

describe('a caller who leaves while its answer is gathered', () => {
  it('has what became of its call recorded', () => {
    const { exchange, sink, answer } = aCall('POST', 1);
    exchange.aborted = true;
    answer(201);
    expect([exchange.status, sink.heads, sink.ended]).toEqual([201, [], 1]);
  });
});
