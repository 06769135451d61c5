/** The command line of bench:fanout. */
import { parseOptions, UsageError, wholeNumber } from '../rig/command-line.ts';
import { openFilesMax } from '../rig/process-usage.ts';
import type { FanoutOptions } from './fanout-result.ts';

export const USAGE = `usage: npm run bench:fanout -- [options]

  --subscribers N   sessions that read every event (10000)
  --silent N        further sessions that have subscribed and read nothing (500)
  --events N        of each phase, one after the other (20)
  --event-bytes N   of an event's data (200)
  --interval N      milliseconds between two events (250)
  --call-rate N     calls a second beside the events (1000)
  --callers N       sessions that make them (100)
  --seed N          of the calls' arrivals (1)
  --json FILE       write the result
  --no-record       do not append the result to bench/results/fanout.jsonl
`;

export interface FanoutArguments {
  readonly options: FanoutOptions;
  readonly json: string | undefined;
  readonly record: boolean;
}

export const FANOUT_DEFAULTS: FanoutOptions = {
  ...{ subscribers: 10_000, silent: 500, events: 20, eventBytes: 200, intervalMs: 250 },
  ...{ callRate: 1_000, callers: 100, seed: 1 },
};

/** Files that the gateway holds beside sessions. */
const OTHER_FILES = 200;
const EVENT_BYTES_MAX = 60_000;

/** @throws UsageError */
export function readFanoutArguments(args: readonly string[]): FanoutArguments {
  const byDefault = FANOUT_DEFAULTS;
  const values = parseOptions(args, {
    subscribers: { type: 'string', default: String(byDefault.subscribers) },
    silent: { type: 'string', default: String(byDefault.silent) },
    events: { type: 'string', default: String(byDefault.events) },
    'event-bytes': { type: 'string', default: String(byDefault.eventBytes) },
    interval: { type: 'string', default: String(byDefault.intervalMs) },
    'call-rate': { type: 'string', default: String(byDefault.callRate) },
    callers: { type: 'string', default: String(byDefault.callers) },
    seed: { type: 'string', default: String(byDefault.seed) },
    json: { type: 'string' },
    record: { type: 'boolean', default: true },
  });
  const options: FanoutOptions = {
    subscribers: wholeNumber('--subscribers', values.subscribers, 1, 1_000_000),
    silent: wholeNumber('--silent', values.silent, 0, 1_000_000),
    events: wholeNumber('--events', values.events, 1, 10_000),
    eventBytes: wholeNumber('--event-bytes', values['event-bytes'], 1, EVENT_BYTES_MAX),
    intervalMs: wholeNumber('--interval', values.interval, 0, 60_000),
    callRate: wholeNumber('--call-rate', values['call-rate'], 1, 100_000),
    callers: wholeNumber('--callers', values.callers, 1, 10_000),
    seed: wholeNumber('--seed', values.seed, 0, 4_294_967_295),
  };
  const most = openFilesMax() - OTHER_FILES;
  const { subscribers, silent, callers } = options;
  if (subscribers + silent + callers > most) {
    throw new UsageError(
      `The gateway may have ${most} sessions here by its limit of open files ` +
        '(raise it with ulimit -n).',
    );
  }
  return { options, json: values.json, record: values.record };
}
