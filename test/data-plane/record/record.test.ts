import { describe, expect, it } from 'vitest';
import type { Exchange } from '../../../src/core/exchange.ts';
import { problem } from '../../../src/core/problems.ts';
import { STAGE } from '../../../src/core/stages.ts';
import { createRecordStep } from '../../../src/data-plane/record/index.ts';
import { FrontTelemetry } from '../../../src/telemetry/front-telemetry.ts';
import { TelemetryReader } from '../../../src/telemetry/telemetry-reader.ts';
import { exchangeOf, identified, operationEntry } from '../../telemetry/exchange-fixture.ts';

function recording() {
  const telemetry = new FrontTelemetry(8, 8);
  const logged: Exchange[] = [];
  const record = createRecordStep({
    recorder: telemetry,
    accessLog: { append: exchange => logged.push(exchange) },
    clock: { wallMs: () => 0, monotonicMs: () => 1025 },
  });
  const reader = new TelemetryReader([['front-0', telemetry.shared]]);
  const exchanges = () => reader.exchanges().filter(({ count }) => count > 0);
  return { record, reader, logged, exchanges };
}

describe('record', () => {
  it('of an answered exchange fills stages, operation, status class and access log', () => {
    const { record, reader, logged, exchanges } = recording();
    const exchange = identified(exchangeOf(), 'app-1', 'accounts.list');
    exchange.status = 204;
    exchange.stageMs[STAGE.upstream] = 4;
    exchange.stageMs[STAGE.total] = 5;
    record(exchange);
    expect(reader.stage('upstream').maxMicros).toBe(4000);
    expect(reader.stage('total').maxMicros).toBe(5000);
    expect([...reader.operations()].map(([id, { maxMicros }]) => [id, maxMicros])).toEqual([
      ['accounts.list', 5000],
    ]);
    expect(exchanges()).toEqual([{ direction: 'outbound', statusClass: '2xx', count: 1 }]);
    expect(reader.counter('exchanges')).toBe(1);
    expect(reader.counter('exchanges_aborted')).toBe(0);
    expect(logged).toEqual([exchange]);
  });

  it('of a refused exchange counts the problem, and no operation where none was found', () => {
    const { record, reader, logged, exchanges } = recording();
    const exchange = exchangeOf();
    exchange.refusal = problem('key-unknown', 'No such key.');
    exchange.status = 401;
    exchange.stageMs[STAGE.total] = 0.5;
    record(exchange);
    expect(reader.problem('key-unknown')).toBe(1);
    expect([...reader.operations()]).toEqual([]);
    expect(exchanges()).toEqual([{ direction: 'none', statusClass: '4xx', count: 1 }]);
    expect(logged).toHaveLength(1);
  });

  it('of an aborted exchange without an answer measures the total until now', () => {
    const { record, reader, exchanges } = recording();
    const exchange = exchangeOf({ arrivedMs: 1000 });
    exchange.aborted = true;
    record(exchange);
    expect(exchange.stageMs[STAGE.total]).toBe(25);
    expect(reader.stage('total').maxMicros).toBe(25_000);
    expect(reader.counter('exchanges_aborted')).toBe(1);
    expect(exchanges()).toEqual([{ direction: 'none', statusClass: 'none', count: 1 }]);
  });

  it('knows which way an exchange went by its API', () => {
    const { record, exchanges } = recording();
    const exchange = identified(exchangeOf(), 'app-1', 'ledger.push');
    exchange.target = { ...exchange.target!, entry: operationEntry('ledger.push', 'inbound') };
    exchange.status = 502;
    record(exchange);
    expect(exchanges()).toEqual([{ direction: 'inbound', statusClass: '5xx', count: 1 }]);
  });
});
