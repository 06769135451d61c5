/** `xingyun requests`: recent exchanges, one by one, or added up by one of their names. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { RequestsAnswer } from '../../telemetry/request-record.ts';
import type { TopAnswer, TopQuery } from '../../telemetry/top-names.ts';
import { type AdminOptions, addAdminOptions, adminJson } from '../admin-client.ts';
import { UsageError } from '../failures.ts';
import { write, writeJson } from '../output.ts';
import { topText } from '../ranking-text.ts';
import { requestsText } from '../request-text.ts';

const LIMIT_DEFAULT = 20;
const LIMIT_MAX = 200;
const WINDOW_SECONDS_DEFAULT = 300;
const WINDOW_SECONDS_MAX = 86_400;
const NAMES: readonly TopQuery['by'][] = ['app', 'operation', 'problem', 'source'];

interface RequestsOptions extends AdminOptions {
  readonly app?: string;
  readonly operation?: string;
  readonly problem?: string;
  readonly source?: string;
  readonly top?: TopQuery['by'];
  readonly slowest?: true;
  readonly refused?: true;
  readonly window?: number;
  readonly before?: number;
  readonly limit?: number;
  readonly json?: true;
}

async function showRequests(id: string | undefined, options: RequestsOptions): Promise<void> {
  if (options.top !== undefined) return showTop(id, options.top, options);
  if (options.refused || options.window !== undefined) {
    throw new UsageError('--refused and --window go with --top.');
  }
  const path = id === undefined ? listPath(options) : onePath(id, options);
  const answer = await adminJson<RequestsAnswer>(options, { path });
  if (options.json) await writeJson(answer);
  else await write(requestsText(answer));
}

async function showTop(
  id: string | undefined,
  by: TopQuery['by'],
  options: RequestsOptions,
): Promise<void> {
  const path = topPath(id, by, options);
  const answer = await adminJson<TopAnswer>(options, { path });
  if (options.json) await writeJson(answer);
  else await write(topText(by, answer));
}

function topPath(id: string | undefined, by: TopQuery['by'], options: RequestsOptions): string {
  const { app, operation, problem, source, before, slowest, refused } = options;
  const { window = WINDOW_SECONDS_DEFAULT, limit = LIMIT_DEFAULT } = options;
  if ([id, app, operation, problem, source, before].some(option => option !== undefined)) {
    throw new UsageError('--top is of all requests: no id, none of one name, none before.');
  }
  if (slowest && refused) throw new UsageError('--slowest or --refused, not both.');
  const order = slowest ? 'slowest' : refused ? 'refused' : 'exchanges';
  const query = new URLSearchParams({ by, order, windowSeconds: `${window}`, limit: `${limit}` });
  return `/v1/top?${query}`;
}

function onePath(id: string, options: RequestsOptions): string {
  const { app, operation, problem, source, slowest, before, limit } = options;
  const others = [app, operation, problem, source, slowest, before, limit];
  if (others.some(option => option !== undefined)) {
    throw new UsageError('A request id is asked for by itself.');
  }
  return `/v1/requests/${encodeURIComponent(id)}`;
}

function listPath(options: RequestsOptions): string {
  const { app, operation, problem, source, slowest, before, limit = LIMIT_DEFAULT } = options;
  const query = new URLSearchParams({ order: slowest ? 'slowest' : 'latest', limit: `${limit}` });
  for (const [name, value] of Object.entries({ app, operation, problem, source })) {
    if (value !== undefined) query.set(name, value);
  }
  if (before !== undefined) query.set('beforeMs', `${before}`);
  return `/v1/requests?${query}`;
}

function readLimit(text: string): number {
  const limit = /^\d{1,3}$/.test(text) ? Number(text) : 0;
  if (limit >= 1 && limit <= LIMIT_MAX) return limit;
  throw new InvalidArgumentError(`A whole number from 1 to ${LIMIT_MAX}.`);
}

function readWindow(text: string): number {
  const seconds = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (seconds >= 1 && seconds <= WINDOW_SECONDS_MAX) return seconds;
  throw new InvalidArgumentError(`Seconds, a whole number from 1 to ${WINDOW_SECONDS_MAX}.`);
}

function readInstant(text: string): number {
  const ms = /^\d{1,15}$/.test(text) ? Number(text) : Date.parse(text);
  if (Number.isFinite(ms) && ms >= 0) return ms;
  throw new InvalidArgumentError('An instant as 2026-01-31T08:30:00Z, or milliseconds.');
}

export function register(program: Command): void {
  addAdminOptions(program.command('requests'))
    .description('recent requests: what became of them, and where their time went')
    .argument('[id]', 'x-request-id of an answer; status 1 where no request has it')
    .option('--app <id>', 'only those of this app')
    .option('--operation <id>', 'only those of this operation')
    .option('--problem <code>', 'only those with this problem')
    .option('--source <address>', 'only those from this address')
    .addOption(
      new Option('--top <name>', 'added up by this, those with most requests first').choices(NAMES),
    )
    .option('--slowest', 'the slowest first, not the latest; with --top by the p99')
    .option('--refused', 'with --top: those with most refusals first')
    .option(
      '--window <seconds>',
      `with --top: how far back, at most ${WINDOW_SECONDS_MAX} (${WINDOW_SECONDS_DEFAULT})`,
      readWindow,
    )
    .option('--before <instant>', 'only those that were over before', readInstant)
    .option('--limit <count>', `at most ${LIMIT_MAX} (${LIMIT_DEFAULT})`, readLimit)
    .option('--json', 'for scripts: the answer as JSON')
    .action(showRequests);
}
