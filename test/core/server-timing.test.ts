import { expect, it } from 'vitest';
import { serverTiming } from '../../src/core/server-timing.ts';
import { STAGE, STAGES } from '../../src/core/stages.ts';
import { exchangeOf } from '../telemetry/exchange-fixture.ts';

it('server-timing names the stages that occurred, in their order, in milliseconds', () => {
  const exchange = exchangeOf();
  exchange.stageMs[STAGE.upstream] = 12.3456;
  exchange.stageMs[STAGE.verifyWait] = 0.0119;
  exchange.stageMs[STAGE.total] = 13;
  expect(serverTiming(exchange)).toBe(
    'verify_wait;dur=0.012, upstream;dur=12.346, total;dur=13.000',
  );
});

it('server-timing gives the time since arrival as total while the exchange runs', () => {
  const exchange = exchangeOf({ arrivedMs: 1000 });
  exchange.stageMs[STAGE.verify] = 0.5;
  expect(serverTiming(exchange, 1002.25)).toBe('verify;dur=0.500, total;dur=2.250');
  expect(serverTiming(exchange)).toBe('verify;dur=0.500');
});

it('server-timing is empty where nothing is known', () => {
  expect(serverTiming(exchangeOf())).toBe('');
});

it('server-timing uses names that are tokens (RFC 9110 section 5.6.2)', () => {
  const exchange = exchangeOf();
  exchange.stageMs.fill(1);
  const names = serverTiming(exchange)
    .split(', ')
    .map(metric => metric.split(';')[0]);
  expect(names).toEqual([...STAGES]);
  for (const name of names) expect(name).toMatch(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/);
});
