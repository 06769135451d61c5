/**
 * Dates and instants: ISO 8601 calendar dates, RFC 3339 date-times, epoch counts and the compact
 * forms of bank messages. A form without an offset is read and written at the step's offset.
 */
import type { JsonValue } from '../payload-fault.ts';
import type { Convert } from './convert-type.ts';
import type { Place } from './place.ts';

export const DATE_FORMATS = [
  'date',
  'date-time',
  'epoch-seconds',
  'epoch-milliseconds',
  'compact-date',
  'compact-date-time',
] as const;
export type DateFormat = (typeof DATE_FORMATS)[number];

export interface DateChange {
  readonly from: DateFormat;
  readonly to: DateFormat;
  /** `Z` or ±hh:mm. */
  readonly offset?: string;
  readonly truncate?: boolean;
}

const LOCAL: ReadonlySet<DateFormat> = new Set(['date', 'compact-date', 'compact-date-time']);

/** Whether a step needs an offset: exactly one side has none of its own. */
export function needsOffset({ from, to }: DateChange): boolean {
  return LOCAL.has(from) !== LOCAL.has(to);
}

/** The Gregorian calendar repeats after 400 years; `Date.UTC` reads years below 100 as 19xx. */
const CYCLE_YEARS = 400;
const CYCLE_MS = 146_097 * 86_400_000;
const MINUTE_MS = 60_000;
/** 0000-01-01T00:00:00Z and the first instant of the year 10000. */
const FIRST_MS = -62_167_219_200_000;
const END_MS = 253_402_300_800_000;

const DATE = /^([0-9]{4})-([0-9]{2})-([0-9]{2})$/;
const COMPACT_DATE = /^([0-9]{4})([0-9]{2})([0-9]{2})$/;
const COMPACT_DATE_TIME = /^([0-9]{4})([0-9]{2})([0-9]{2})([0-9]{2})([0-9]{2})([0-9]{2})$/;
const DATE_TIME = new RegExp(
  '^([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})' +
    '(?:\\.([0-9]{1,9}))?(Z|[+-][0-9]{2}:[0-9]{2})$',
);

/** Milliseconds since 1970-01-01 as a clock without offset shows them; undefined for no date. */
function clockMs(match: RegExpExecArray): number | undefined {
  const [year, month, day, hour, minute, second] = [1, 2, 3, 4, 5, 6].map(at =>
    Number(match[at] ?? 0),
  ) as [number, number, number, number, number, number];
  if (hour > 23 || minute > 59 || second > 59) return undefined;
  const ms = Date.UTC(year + CYCLE_YEARS, month - 1, day, hour, minute, second) - CYCLE_MS;
  // Date.UTC carries 31 April over to 1 May.
  const read = new Date(ms);
  return read.getUTCMonth() === month - 1 && read.getUTCDate() === day ? ms : undefined;
}

function offsetMs(offset: string): number | undefined {
  if (offset === 'Z') return 0;
  const hours = Number(offset.slice(1, 3));
  const minutes = Number(offset.slice(4));
  if (hours > 23 || minutes > 59) return undefined;
  return (offset.startsWith('-') ? -1 : 1) * (hours * 60 + minutes) * MINUTE_MS;
}

interface Clock {
  /** Of the step, in milliseconds. */
  readonly offset: number;
  /** How it is written. */
  readonly offsetText: string;
  readonly truncate: boolean;
}

type Read = (value: JsonValue, place: Place) => number;

function readText(pattern: RegExp, offset: number, name: string): Read {
  return (value, place) => {
    const match = typeof value === 'string' ? pattern.exec(value) : null;
    const ms = match === null ? undefined : clockMs(match);
    return ms === undefined ? place.refuse(`must be a ${name}`) : ms - offset;
  };
}

function readDateTime({ truncate }: Clock): Read {
  return (value, place) => {
    const match = typeof value === 'string' ? DATE_TIME.exec(value) : null;
    const clock = match === null ? undefined : clockMs(match);
    const offset = match === null ? undefined : offsetMs(match[8]!);
    if (clock === undefined || offset === undefined) return place.refuse('must be a date-time');
    const fraction = (match![7] ?? '').padEnd(3, '0');
    if (!truncate && /[1-9]/.test(fraction.slice(3))) {
      place.refuse('is finer than milliseconds');
    }
    return clock + Number(fraction.slice(0, 3)) - offset;
  };
}

function readEpoch(unitMs: number): Read {
  return (value, place) => {
    if (!Number.isSafeInteger(value)) return place.refuse('must be a whole number');
    return (value as number) * unitMs;
  };
}

function reader(format: DateFormat, clock: Clock): Read {
  switch (format) {
    case 'date':
      return readText(DATE, clock.offset, format);
    case 'compact-date':
      return readText(COMPACT_DATE, clock.offset, format);
    case 'compact-date-time':
      return readText(COMPACT_DATE_TIME, clock.offset, format);
    case 'date-time':
      return readDateTime(clock);
    case 'epoch-seconds':
      return readEpoch(1_000);
    case 'epoch-milliseconds':
      return readEpoch(1);
  }
}

const FINEST_MS: Readonly<Record<DateFormat, number>> = {
  date: 86_400_000,
  'compact-date': 86_400_000,
  'compact-date-time': 1_000,
  'date-time': 1,
  'epoch-seconds': 1_000,
  'epoch-milliseconds': 1,
};

/** `text` is `toISOString` of the shifted instant, without an offset of its own. */
function written(format: DateFormat, text: string, ms: number, offsetText: string): JsonValue {
  switch (format) {
    case 'date':
      return text.slice(0, 10);
    case 'compact-date':
      return text.slice(0, 10).replaceAll('-', '');
    case 'compact-date-time':
      return text.slice(0, 19).replace(/[-:T]/g, '');
    case 'date-time':
      return `${text.slice(0, text.endsWith('.000Z') ? 19 : 23)}${offsetText}`;
    case 'epoch-seconds':
      return ms / 1_000;
    case 'epoch-milliseconds':
      return ms;
  }
}

/** Undefined for a change that is none. */
export function dateConversion(change: DateChange): Convert | undefined {
  const { from, to, offset: offsetText = 'Z', truncate = false } = change;
  if (from === to) return undefined;
  const clock = { offset: offsetMs(offsetText) ?? 0, offsetText, truncate };
  const read = reader(from, clock);
  const finestMs = FINEST_MS[to];
  // Epoch counts have no clock of their own to show.
  const shift = to.startsWith('epoch') ? 0 : clock.offset;
  return (value, place) => {
    const shown = read(value, place) + shift;
    if (!(shown >= FIRST_MS && shown < END_MS)) place.refuse('is not within the years 0 to 9999');
    const finer = ((shown % finestMs) + finestMs) % finestMs;
    if (finer !== 0 && !truncate) place.refuse(`is finer than a ${to} can say`);
    const kept = shown - finer;
    return written(to, new Date(kept).toISOString(), kept, clock.offsetText);
  };
}
