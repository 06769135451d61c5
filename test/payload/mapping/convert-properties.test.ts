import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { converted } from './outcome.ts';

const ms = fc.integer({ min: -62_167_219_200_000, max: 253_402_300_799_999 });
const offsetMinutes = fc.integer({ min: -14 * 60, max: 14 * 60 });

function offsetText(minutes: number): string {
  if (minutes === 0) return 'Z';
  const size = Math.abs(minutes);
  const pad = (part: number) => String(part).padStart(2, '0');
  return `${minutes < 0 ? '-' : '+'}${pad(Math.floor(size / 60))}:${pad(size % 60)}`;
}

/** Date shows it so, where it can. */
const iso = (instant: number) => new Date(instant).toISOString();

describe('conversions of dates agree with Date', () => {
  it('for date-times with any offset', () => {
    fc.assert(
      fc.property(ms, offsetMinutes, (instant, minutes) => {
        const clock = instant + minutes * 60_000;
        fc.pre(clock >= -62_167_219_200_000 && clock < 253_402_300_800_000);
        const offset = offsetText(minutes);
        const text = iso(clock).replace('Z', offset);
        const read = { date: { at: '/v', from: 'date-time', to: 'epoch-milliseconds' } } as const;
        expect(converted(read, text)).toBe(instant);
        const write = {
          date: { at: '/v', from: 'epoch-milliseconds', to: 'date-time', offset },
        } as const;
        expect(converted(write, instant)).toBe(text.replace('.000', ''));
      }),
    );
  });

  it('for days and seconds without an offset', () => {
    fc.assert(
      fc.property(ms, offsetMinutes, (instant, minutes) => {
        const clock = instant - (((instant % 1_000) + 1_000) % 1_000);
        const compact = iso(clock).slice(0, 19).replace(/[-:T]/g, '');
        const offset = offsetText(minutes);
        const utc = clock - minutes * 60_000;
        fc.pre(utc >= -62_167_219_200_000 && utc < 253_402_300_800_000);
        const read = {
          date: { at: '/v', from: 'compact-date-time', to: 'epoch-seconds', offset },
        } as const;
        expect(converted(read, compact)).toBe(utc / 1_000);
        const day = {
          date: { at: '/v', from: 'epoch-seconds', to: 'date', offset, truncate: true },
        } as const;
        expect(converted(day, utc / 1_000)).toBe(iso(clock).slice(0, 10));
      }),
    );
  });

  it('for text of the right shape that is no date', () => {
    const digits = fc.stringMatching(/^[0-9]{8}$/);
    fc.assert(
      fc.property(digits, text => {
        const dashed = `${text.slice(0, 4)}-${text.slice(4, 6)}-${text.slice(6)}`;
        const read = new Date(`${dashed}T00:00:00Z`);
        const isDate = !Number.isNaN(read.getTime()) && iso(read.getTime()).startsWith(dashed);
        const step = { date: { at: '/v', from: 'compact-date', to: 'date' } } as const;
        expect(converted(step, text)).toBe(isDate ? dashed : 'refused');
      }),
      { numRuns: 1_000 },
    );
  });
});

const UNITS = { milliseconds: 1n, seconds: 1_000n, minutes: 60_000n, days: 86_400_000n };
const SIZES = { bytes: 1n, kilobytes: 1_000n, kibibytes: 1_024n, gibibytes: 1n << 30n };

describe('conversions of units are exact', () => {
  const names = fc.constantFrom(...[UNITS, SIZES]).chain(sizes => {
    const unit = fc.constantFrom(...(Object.keys(sizes) as (keyof typeof UNITS)[]));
    return fc.tuple(unit, unit, fc.constant(sizes as typeof UNITS));
  });

  it('as fractions of big integers', () => {
    const value = fc.tuple(fc.bigInt({ min: -(10n ** 12n), max: 10n ** 12n }), fc.nat(6));
    fc.assert(
      fc.property(names, value, ([from, to, sizes], [units, decimals]) => {
        fc.pre(from !== to);
        const text = decimalText(units, decimals);
        const result = converted({ unit: { at: '/v', from, to } }, text) as string;
        // Forty-five decimals hold 2^-30 of a millionth.
        const scaled = units * 10n ** 45n * sizes[from];
        const divisor = 10n ** BigInt(decimals) * sizes[to];
        if (scaled % divisor !== 0n) expect(result).toBe('refused');
        else expect(result).toBe(decimalText(scaled / divisor, 45));
      }),
      { numRuns: 1_000 },
    );
  });
});

/** Shortest text of units · 10^-decimals. */
function decimalText(units: bigint, decimals: number): string {
  const sign = units < 0n ? '-' : '';
  const digits = String(units < 0n ? -units : units).padStart(decimals + 1, '0');
  const whole = digits.slice(0, digits.length - decimals);
  const fraction = digits.slice(digits.length - decimals).replace(/0+$/, '');
  return `${sign}${whole}${fraction === '' ? '' : `.${fraction}`}`;
}
