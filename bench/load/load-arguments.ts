/** The command line of bench:load. */
import { parseOptions, UsageError, wholeNumber } from '../rig/command-line.ts';
import { openFilesMax } from '../rig/process-usage.ts';
import type { LoadOptions } from './load-result.ts';
import {
  checkFileLimit,
  LOAD_SHAPE_OPTIONS,
  LOAD_SHAPE_USAGE,
  readLoadShape,
} from './load-shape.ts';

export interface LoadArguments {
  readonly options: LoadOptions;
  readonly json: string | undefined;
  readonly report: string | undefined;
  readonly compare: string | undefined;
  /** Whether the result goes into bench/results. */
  readonly record: boolean;
}

export const USAGE = `usage: npm run bench:load -- [options]

  --rate N          requests due per second, all connections together (8000)
  --duration N      measured seconds, whole (30)
  --warm-up N       seconds before them, whole; in the first half the rate rises (5)
${LOAD_SHAPE_USAGE}\
  --access-log      let the gateway write its access log (off)
  --json FILE       write the result
  --report DIR      write report.html, load.hlog and load.hgrm
  --compare FILE    draw this earlier result beside the new one in the report
  --no-record       do not append the result to bench/results/load.jsonl

The environment may hold arguments for node, such as --cpu-prof, in BENCH_GATEWAY_NODE_ARGS and
BENCH_GENERATOR_NODE_ARGS.
`;

const OPTIONS = {
  ...LOAD_SHAPE_OPTIONS,
  rate: { type: 'string', default: '8000' },
  duration: { type: 'string', default: '30' },
  'warm-up': { type: 'string', default: '5' },
  'access-log': { type: 'boolean', default: false },
  json: { type: 'string' },
  report: { type: 'string' },
  compare: { type: 'string' },
  record: { type: 'boolean', default: true },
} as const;

/** @throws UsageError */
export function readLoadArguments(args: readonly string[]): LoadArguments {
  const values = parseOptions(args, OPTIONS);
  const options: LoadOptions = {
    ...readLoadShape(values),
    rate: wholeNumber('--rate', values.rate, 1, 1_000_000),
    durationSeconds: wholeNumber('--duration', values.duration, 1, 3_000),
    warmUpSeconds: wholeNumber('--warm-up', values['warm-up'], 0, 600),
    accessLog: values['access-log'],
  };
  checkFileLimit(options, openFilesMax());
  if (values.compare !== undefined && values.report === undefined) {
    throw new UsageError('--compare draws into the report: say where with --report DIR.');
  }
  const { json, report, compare, record } = values;
  return { options, json, report, compare, record };
}
