/** The command line of bench:max. */
import {
  checkFileLimit,
  LOAD_SHAPE_OPTIONS,
  LOAD_SHAPE_USAGE,
  readLoadShape,
} from '../load/load-shape.ts';
import { parseOptions, UsageError, wholeNumber } from '../rig/command-line.ts';
import { openFilesMax } from '../rig/process-usage.ts';
import type { MaxOptions } from './max-result.ts';

export interface MaxArguments {
  readonly options: MaxOptions;
  readonly json: string | undefined;
  readonly record: boolean;
}

export const USAGE = `usage: npm run bench:max -- [options]

  --low N           lowest rate that is tried, requests per second (2000)
  --high N          highest rate that is tried (16000)
  --resolution N    per cent of the upper end at which the search ends (4)
  --repeats N       times that the answer must pass (3)
  --duration N      measured seconds of each run, whole (8)
  --warm-up N       seconds before them, whole (5)
${LOAD_SHAPE_USAGE}\
  --json FILE       write the result
  --no-record       do not append the result to bench/results/max.jsonl
`;

const OPTIONS = {
  ...LOAD_SHAPE_OPTIONS,
  low: { type: 'string', default: '2000' },
  high: { type: 'string', default: '16000' },
  resolution: { type: 'string', default: '4' },
  repeats: { type: 'string', default: '3' },
  duration: { type: 'string', default: '8' },
  'warm-up': { type: 'string', default: '5' },
  json: { type: 'string' },
  record: { type: 'boolean', default: true },
} as const;

/** @throws UsageError */
export function readMaxArguments(args: readonly string[]): MaxArguments {
  const values = parseOptions(args, OPTIONS);
  const options: MaxOptions = {
    ...readLoadShape(values),
    lowRate: wholeNumber('--low', values.low, 1, 1_000_000),
    highRate: wholeNumber('--high', values.high, 1, 1_000_000),
    resolution: wholeNumber('--resolution', values.resolution, 1, 50) / 100,
    repeats: wholeNumber('--repeats', values.repeats, 1, 100),
    durationSeconds: wholeNumber('--duration', values.duration, 1, 600),
    warmUpSeconds: wholeNumber('--warm-up', values['warm-up'], 0, 600),
  };
  if (options.lowRate >= options.highRate) throw new UsageError('--low must be below --high.');
  checkFileLimit(options, openFilesMax());
  return { options, json: values.json, record: values.record };
}
