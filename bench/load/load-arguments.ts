/** The command line of bench:load. */
import { parseArgs } from 'node:util';
import { openFilesMax } from '../rig/process-usage.ts';
import type { LoadOptions, Scheme } from './load-result.ts';

export interface LoadArguments {
  readonly options: LoadOptions;
  readonly json: string | undefined;
  readonly report: string | undefined;
  readonly compare: string | undefined;
  /** Whether the result goes into bench/results. */
  readonly record: boolean;
}

/** Wrong usage: the message is one sentence that says what is accepted. */
export class UsageError extends Error {}

export const USAGE = `usage: npm run bench:load -- [options]

  --connections N   open connections (12000)
  --rate N          requests due per second, all connections together (8000)
  --duration N      measured seconds, whole (30)
  --warm-up N       seconds before them, whole (5)
  --scheme NAME     rfc9421-rsa, rfc9421-es256, hmac or none (rfc9421-rsa)
  --method NAME     POST or GET (POST; with --scheme none GET)
  --body N          body bytes of a POST (600)
  --seed N          of the arrivals and of the connections drawn (1)
  --generators N    processes that send (1)
  --fronts N        front threads of the gateway (1)
  --workers N       worker threads per front (1)
  --json FILE       write the result
  --report DIR      write report.html, load.hlog and load.hgrm
  --compare FILE    draw this earlier result beside the new one in the report
  --no-record       do not append the result to bench/results/load.jsonl
`;

const SCHEMES: readonly Scheme[] = ['rfc9421-rsa', 'rfc9421-es256', 'hmac', 'none'];
/** Standard streams, IPC, the loop's own, the signature file. */
const OWN_FILES = 64;

const OPTIONS = {
  connections: { type: 'string', default: '12000' },
  rate: { type: 'string', default: '8000' },
  duration: { type: 'string', default: '30' },
  'warm-up': { type: 'string', default: '5' },
  scheme: { type: 'string', default: 'rfc9421-rsa' },
  method: { type: 'string' },
  body: { type: 'string' },
  seed: { type: 'string', default: '1' },
  generators: { type: 'string', default: '1' },
  fronts: { type: 'string', default: '1' },
  workers: { type: 'string', default: '1' },
  json: { type: 'string' },
  report: { type: 'string' },
  compare: { type: 'string' },
  record: { type: 'boolean', default: true },
} as const;

/** @throws UsageError */
export function readLoadArguments(args: readonly string[]): LoadArguments {
  const values = parsed(args);
  const scheme = oneOf('--scheme', values.scheme, SCHEMES);
  const method = methodOf(scheme, values.method);
  const options: LoadOptions = {
    connections: whole('--connections', values.connections, 1, 1_000_000),
    rate: whole('--rate', values.rate, 1, 1_000_000),
    durationSeconds: whole('--duration', values.duration, 1, 3_000),
    warmUpSeconds: whole('--warm-up', values['warm-up'], 0, 600),
    scheme,
    method,
    bodyBytes: bodyOf(method, values.body),
    seed: whole('--seed', values.seed, 0, 4_294_967_295),
    generators: whole('--generators', values.generators, 1, 64),
    fronts: whole('--fronts', values.fronts, 1, 64),
    workers: whole('--workers', values.workers, 1, 64),
  };
  checkFileLimit(options, openFilesMax());
  if (values.compare !== undefined && values.report === undefined) {
    throw new UsageError('--compare draws into the report: say where with --report DIR.');
  }
  const { json, report, compare, record } = values;
  return { options, json, report, compare, record };
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS, allowNegative: true }).values;
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

/** Each connection is an open file of a generator and of the gateway's process. */
export function checkFileLimit(options: LoadOptions, filesMax: number): void {
  const room = filesMax - OWN_FILES;
  const perGenerator = Math.ceil(options.connections / options.generators);
  if (options.connections > room) {
    throw new UsageError(
      `The gateway's process may have ${filesMax} open files here: at most ${room} connections ` +
        '(raise it with ulimit -n).',
    );
  }
  if (perGenerator > room) {
    throw new UsageError(`A generator may open ${room} connections: use more --generators.`);
  }
}

function whole(name: string, text: string, least: number, most: number): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most) return value;
  throw new UsageError(`${name} takes a whole number from ${least} to ${most}.`);
}

function oneOf<T extends string>(name: string, text: string, accepted: readonly T[]): T {
  const found = accepted.find(value => value === text);
  if (found === undefined) throw new UsageError(`${name} takes one of ${accepted.join(', ')}.`);
  return found;
}

function methodOf(scheme: Scheme, given: string | undefined): string {
  const method = oneOf('--method', given ?? (scheme === 'none' ? 'GET' : 'POST'), ['GET', 'POST']);
  if (scheme === 'none' && method !== 'GET') {
    throw new UsageError('--scheme none calls a public operation, which takes --method GET only.');
  }
  return method;
}

function bodyOf(method: string, given: string | undefined): number {
  if (method === 'POST') return whole('--body', given ?? '600', 0, 1_048_576);
  if (given !== undefined && given !== '0') throw new UsageError('--body goes with --method POST.');
  return 0;
}
