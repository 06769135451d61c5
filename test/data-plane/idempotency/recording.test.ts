/** What counts while the answer of a call with a key is gathered, and what becomes of it. */
import { describe, expect, it } from 'vitest';
import { releaseBodyBytes, reserveAnswerBytes } from '../../../src/core/body-budget.ts';
import { CounterSet } from '../../../src/core/counters.ts';
import { type AnswerSink, Exchange } from '../../../src/core/exchange.ts';
import { Recording } from '../../../src/data-plane/idempotency/recording.ts';
import type { IdempotencyStore } from '../../../src/stores/idempotency-contract.ts';
import { anArrival, RecordingDriver, SILENT_SINK } from '../../support/exchanges.ts';

type Keep = Parameters<IdempotencyStore['keep']>[0];

function aCall(heldMaxBytes: number) {
  const counters = new CounterSet();
  const kept: Keep[] = [];
  let passed = '';
  const sink: AnswerSink = {
    ...SILENT_SINK,
    write: (_, chunk) => {
      passed += String(Buffer.from(chunk));
      return true;
    },
    end: (_, chunk) => {
      passed += chunk === undefined ? '' : String(Buffer.from(chunk));
    },
  };
  const transport = { handle: undefined, sink };
  const exchange = new Exchange(anArrival({ method: 'POST' }), transport, new RecordingDriver());
  const store = { keep: (each: Keep) => kept.push(each) } as unknown as IdempotencyStore;
  const options = {
    ...{ store, counters, clock: { wallMs: () => 0, monotonicMs: () => 0 }, answerMaxBytes: 100 },
    reserve: (holder: Parameters<typeof reserveAnswerBytes>[0], bytes: number) =>
      reserveAnswerBytes(holder, bytes, counters, heldMaxBytes),
  };
  const recording = new Recording(options, exchange, 1);
  const held = () => counters.get('body_bytes_buffered');
  return { counters, kept, exchange, recording, held, passed: () => passed };
}

describe('an answer that is gathered to be kept', () => {
  it('counts once, announced or not, until the call is over', () => {
    for (const announced of [10, undefined]) {
      const { recording, exchange, held, kept, passed, counters } = aCall(10);
      recording.begin(exchange, 200, [], announced, true);
      expect(held()).toBe(announced ?? 0);
      recording.write(exchange, Buffer.from('four'));
      recording.end(exchange, Buffer.from('sixsix'));
      expect([held(), String(Buffer.from(kept[0]!.body!))]).toEqual([10, 'foursixsix']);
      kept[0]!.settle(true);
      expect([held(), passed()]).toEqual([10, 'foursixsix']);
      releaseBodyBytes(exchange, counters);
      expect(held()).toBe(0);
    }
  });

  it.each([
    ['announced', 11],
    ['not announced', undefined],
  ])('for which there is no room is not kept, and reaches the caller whole, %s', (_, announced) => {
    const { recording, exchange, held, kept, passed, counters } = aCall(10);
    recording.begin(exchange, 200, [], announced, true);
    recording.write(exchange, Buffer.from('four'));
    recording.write(exchange, Buffer.from('fourfour'));
    expect(kept).toHaveLength(1);
    expect(kept[0]!.body).toBeUndefined();
    kept[0]!.settle(true);
    recording.end(exchange, Buffer.from('end'));
    expect(passed()).toBe('fourfourfourend');
    expect(held()).toBeLessThanOrEqual(10);
    expect(counters.get('bodies_refused_memory')).toBe(1);
  });

  it('counts where its caller has another answer, and no longer than it is gathered', () => {
    const { recording, exchange, held, kept, counters } = aCall(10);
    recording.begin(exchange, 200, [], undefined, true);
    recording.write(exchange, Buffer.from('four'));
    recording.detach();
    exchange.completed = true;
    releaseBodyBytes(exchange, counters);
    expect(held()).toBe(0);
    recording.write(exchange, Buffer.from('two'));
    expect(held()).toBe(7);
    recording.end(exchange);
    expect(String(Buffer.from(kept[0]!.body!))).toBe('fourtwo');
    kept[0]!.settle(true);
    expect(held()).toBe(0);
    expect(exchange.bodyReservedBytes).toBe(0);
  });
});
