/** `xingyun requests`: recent exchanges, by id, app, operation, problem or source. */
import { type Command, InvalidArgumentError } from 'commander';
import type { RequestsAnswer } from '../../telemetry/request-record.ts';
import { type AdminOptions, addAdminOptions, adminJson } from '../admin-client.ts';
import { UsageError } from '../failures.ts';
import { write, writeJson } from '../output.ts';
import { requestsText } from '../request-text.ts';

const LIMIT_DEFAULT = 20;
const LIMIT_MAX = 200;

interface RequestsOptions extends AdminOptions {
  readonly app?: string;
  readonly operation?: string;
  readonly problem?: string;
  readonly source?: string;
  readonly slowest?: true;
  readonly before?: number;
  readonly limit?: number;
  readonly json?: true;
}

async function showRequests(id: string | undefined, options: RequestsOptions): Promise<void> {
  const path = id === undefined ? listPath(options) : onePath(id, options);
  const answer = await adminJson<RequestsAnswer>(options, { path });
  if (options.json) await writeJson(answer);
  else await write(requestsText(answer));
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
    .option('--slowest', 'the slowest first, not the latest')
    .option('--before <instant>', 'only those that were over before', readInstant)
    .option('--limit <count>', `at most ${LIMIT_MAX} (${LIMIT_DEFAULT})`, readLimit)
    .option('--json', 'for scripts: the answer as JSON')
    .action(showRequests);
}
