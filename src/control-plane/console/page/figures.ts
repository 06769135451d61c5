/** Figures as people read them, each with its unit. */
import type { Texts } from './text/en.ts';

const BYTE_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
/** What is not known is not 0. */
export const NO_FIGURE = '–';

export class Figures {
  private readonly texts: Texts;
  private readonly decimals: readonly Intl.NumberFormat[];
  private readonly largeFormat: Intl.NumberFormat;
  private readonly clockFormat: Intl.DateTimeFormat;
  private readonly minuteFormat: Intl.DateTimeFormat;
  private readonly momentFormat: Intl.DateTimeFormat;

  constructor(locale: string, texts: Texts) {
    this.texts = texts;
    this.decimals = [0, 1, 2, 3].map(
      digits =>
        new Intl.NumberFormat(locale, {
          minimumFractionDigits: digits,
          maximumFractionDigits: digits,
        }),
    );
    this.largeFormat = new Intl.NumberFormat(locale, {
      ...{ notation: 'compact', compactDisplay: 'long' },
    });
    const clock = { hour: '2-digit', minute: '2-digit', second: '2-digit' } as const;
    this.clockFormat = new Intl.DateTimeFormat(locale, { ...clock, hourCycle: 'h23' });
    const minute = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const;
    this.minuteFormat = new Intl.DateTimeFormat(locale, minute);
    this.momentFormat = new Intl.DateTimeFormat(locale, {
      ...{ ...clock, hourCycle: 'h23', month: '2-digit', day: '2-digit' },
    });
  }

  decimal(value: number, digits: 0 | 1 | 2 | 3 = 0): string {
    return this.decimals[digits]!.format(value);
  }

  /** Three digits that mean something. */
  private significant(value: number): string {
    const size = Math.abs(value);
    return this.decimal(value, size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3);
  }

  count(value: number): string {
    return this.decimal(Math.round(value));
  }

  /** In words: 120 million, 1.2 亿. */
  large(value: number): string {
    return this.largeFormat.format(value);
  }

  /** Where there is room for seven characters. */
  shortCount(value: number): string {
    if (value < 1_000_000) return this.count(value);
    return `${this.significant(value / 1_000_000)}M`;
  }

  /** Where there is room for four. */
  tinyCount(value: number): string {
    if (value < 1_000) return this.count(value);
    if (value < 1_000_000) return `${Number((value / 1_000).toPrecision(2))}k`;
    return `${Number((value / 1_000_000).toPrecision(2))}M`;
  }

  rate(perSecond: number): string {
    return `${this.rateFigure(perSecond)} ${this.texts.unit.perSecond}`;
  }

  rateFigure(perSecond: number): string {
    // Rare is not never.
    if (perSecond > 0 && perSecond < 0.05) return `< ${this.decimal(0.1, 1)}`;
    if (perSecond >= 1_000_000) return this.shortCount(perSecond);
    return this.decimal(perSecond, perSecond < 10 && perSecond > 0 ? 1 : 0);
  }

  ms(value: number | null | undefined): string {
    if (value === null || value === undefined) return NO_FIGURE;
    if (value === 0) return '0 ms';
    if (value < 0.0005) return `< ${this.decimal(0.001, 3)} ms`;
    return value >= 10_000 ? `${this.significant(value / 1_000)} s` : `${this.msFigure(value)} ms`;
  }

  msFigure(value: number): string {
    return this.significant(value);
  }

  /** As short as it can be said, for the marks of an axis. */
  msMark(value: number): string {
    if (value >= 1_000) return `${Number((value / 1_000).toPrecision(3))} s`;
    return `${Number(value.toPrecision(3))} ms`;
  }

  rateMark(value: number): string {
    if (value >= 1_000_000) return `${Number((value / 1e6).toPrecision(3))}M`;
    return value >= 10_000
      ? `${Number((value / 1e3).toPrecision(3))}k`
      : this.decimal(value, Number.isInteger(value) ? 0 : 1);
  }

  micros(value: number): string {
    return `${this.significant(value)} µs`;
  }

  share(value: number): string {
    // Rare is not never.
    if (value > 0 && value < 0.0005) return `< ${this.decimal(0.1, 1)} %`;
    return `${this.decimal(value * 100, value > 0 && value < 0.1 ? 1 : 0)} %`;
  }

  bytes(value: number | null): string {
    if (value === null) return NO_FIGURE;
    let unit = 0;
    let left = value;
    while (left >= 1024 && unit < BYTE_UNITS.length - 1) {
      left /= 1024;
      unit++;
    }
    return `${unit === 0 ? this.count(left) : this.significant(left)} ${BYTE_UNITS[unit]}`;
  }

  /** 99, 99.9, 99.99 … */
  percentile(quantile: number): string {
    return `p${Number((quantile * 100).toPrecision(7))}`;
  }

  seconds(ms: number): string {
    return `${this.count(ms / 1_000)} ${this.texts.unit.s}`;
  }

  /** A length of time in its two largest units. */
  age(ms: number): string {
    const seconds = Math.max(0, Math.round(ms / 1_000));
    const { s, min, h, d } = this.texts.unit;
    if (seconds < 60) return `${seconds} ${s}`;
    const minutes = Math.floor(seconds / 60);
    if (minutes < 60) return `${minutes} ${min} ${seconds % 60} ${s}`;
    const hours = Math.floor(minutes / 60);
    if (hours < 48) return `${hours} ${h} ${minutes % 60} ${min}`;
    return `${Math.floor(hours / 24)} ${d} ${hours % 24} ${h}`;
  }

  clock(atMs: number): string {
    return this.clockFormat.format(atMs);
  }

  /** For the marks of an axis that are so far apart. */
  clockMark(atMs: number, stepMs: number): string {
    return stepMs % 60_000 === 0 ? this.minuteFormat.format(atMs) : this.clock(atMs);
  }

  /** The time zone of this browser, in which all moments are said: `UTC+8`. */
  zone(): string {
    const minutes = -new Date().getTimezoneOffset();
    if (minutes === 0) return 'UTC';
    const size = Math.abs(minutes);
    const rest = size % 60 === 0 ? '' : `:${size % 60}`;
    return `UTC${minutes < 0 ? '−' : '+'}${Math.floor(size / 60)}${rest}`;
  }

  moment(atMs: number): string {
    return this.momentFormat.format(atMs);
  }

  difference(from: number, to: number, shown: (value: number) => string): string {
    const sign = to > from ? '+' : to < from ? '−' : '±';
    const size = shown(Math.abs(to - from));
    // Less than can be told: more or less is no matter.
    if (size.startsWith('<')) return size;
    if (from === 0) return `${sign}${size}`;
    const percent = (Math.abs(to - from) / Math.abs(from)) * 100;
    return `${sign}${size} (${sign}${this.decimal(percent, percent < 10 ? 1 : 0)} %)`;
  }
}
