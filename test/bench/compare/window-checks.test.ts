import { describe, expect, it } from 'vitest';
import { refuseOtherPlace, refuseShortAnswers } from '../../../bench/compare/window-checks.ts';
import type { LoopReport } from '../../../bench/compare/wrk.ts';
import { counterIn } from '../../../bench/peers/gateway.ts';

describe('the answers of a window', () => {
  const report = (bytes: number) => ({ requests: 10, bytes }) as LoopReport;

  it('have at least as many bytes as the bodies of the upstream', () => {
    expect(() => refuseShortAnswers(report(70), '{"a":1}')).not.toThrow();
    expect(() => refuseShortAnswers(report(69), '{"a":1}')).toThrow(
      '10 answers have 69 bytes; the bodies alone are 70',
    );
  });
});

describe('the checks of a window', () => {
  const before = { pool: 5, inline: 2 };

  it('ran where the case says, at least one for each request', () => {
    expect(() => refuseOtherPlace('pool', before, { pool: 16, inline: 2 }, 10)).not.toThrow();
    expect(() => refuseOtherPlace('inline', before, { pool: 5, inline: 12 }, 10)).not.toThrow();
  });

  it.each([
    ['elsewhere', { pool: 15, inline: 3 }, '1 checks ran inline'],
    ['for some requests only', { pool: 14, inline: 2 }, '9 of 10 requests were checked pool'],
    ['uncounted', undefined, 'its checks are not counted'],
  ])('are refused where they ran %s', (_, after, message) => {
    expect(() => refuseOtherPlace('pool', before, after, 10)).toThrow(message);
  });

  it('are counted over all fronts', () => {
    const text =
      '# TYPE a_total counter\na_total{front="0"} 3\na_total{front="1"} 4\na_total_b 9\n';
    expect(counterIn(text, 'a_total')).toBe(7);
    expect(() => counterIn(text, 'b_total')).toThrow('has no b_total');
  });
});
