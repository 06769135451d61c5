/** `xingyun registry`: the registry as a file, compared and applied. */
import { readFileSync } from 'node:fs';
import { type Command, InvalidArgumentError } from 'commander';
import { registryDatabase } from '../../compose-registry.ts';
import { ConfigError, loadConfig } from '../../control-plane/config/index.ts';
import type { PlannedChange, RegistryLists } from '../../control-plane/registry/desk-contract.ts';
import { readRegistryFile, registryYaml } from '../../control-plane/registry/index.ts';
import { pendingPostgresMigrations } from '../../stores/postgres/index.ts';
import { RegistryStoreError } from '../../stores/registry-contract.ts';
import { pendingSqliteMigrations } from '../../stores/sqlite/index.ts';
import { type AdminOptions, addAdminOptions, adminJson } from '../admin-client.ts';
import { CommandFailure, EXIT_FAILED, EXIT_TROUBLE, reportFailure } from '../failures.ts';
import { write, writeJson, writePrivateFile } from '../output.ts';
import { withProgress } from '../progress.ts';

interface Planned {
  readonly revision: number;
  readonly plan: readonly PlannedChange[];
  /** Whether every front serves the revision; only where it was waited for. */
  readonly served?: boolean;
}

interface ApplyOptions extends AdminOptions {
  readonly prune?: true;
  readonly dryRun?: true;
  readonly wait?: number;
  readonly reason?: string;
  readonly ifRevision?: number;
  readonly json?: true;
}

interface DiffOptions extends AdminOptions {
  readonly prune?: true;
  readonly exitCode?: true;
  readonly json?: true;
}

interface MigrationsOptions {
  readonly config: string;
  readonly json?: true;
}

interface ExportOptions extends AdminOptions {
  readonly output?: string;
  readonly json?: true;
}

/** A registry of 170,000 records is checked and committed in this time several times over. */
const APPLY_TIMEOUT_MS = 300_000;
const WAIT_DEFAULT_MS = 10_000;
const WAIT_MAX_MS = 60_000;
const LINES_MAX = 1_000;
const SIGNS = { create: '+', update: '~', delete: '-' } as const;

function readLists(file: string): RegistryLists {
  try {
    return readRegistryFile(file).lists;
  } catch (error) {
    if (error instanceof ConfigError) throw new CommandFailure(error.message, { cause: error });
    throw error;
  }
}

function planText(plan: readonly PlannedChange[]): string {
  const lines = plan.slice(0, LINES_MAX).map(({ action, kind, id, pointers }) => {
    const where = pointers.length === 0 ? '' : `  ${pointers.join(' ')}`;
    return `${SIGNS[action]} ${kind} ${id}${where}\n`;
  });
  const more = plan.length - lines.length;
  if (more > 0) lines.push(`and ${more} more\n`);
  const count = (action: PlannedChange['action']) =>
    plan.filter(change => change.action === action).length;
  const counts = `${count('create')} to create, ${count('update')} to change`;
  return `${lines.join('')}${counts}, ${count('delete')} to delete.\n`;
}

async function exportRegistry(options: ExportOptions): Promise<void> {
  const request = { path: '/v1/registry/export', timeoutMs: APPLY_TIMEOUT_MS };
  const lists = await withProgress('Exporting', adminJson<RegistryLists>(options, request));
  const text = options.json ? `${JSON.stringify(lists, undefined, 2)}\n` : registryYaml(lists);
  const { output } = options;
  if (output === undefined) return write(text);
  // Sealed secrets are in it: of use only with their key, and nobody else's business all the same.
  try {
    await writePrivateFile(output, text);
  } catch (cause) {
    throw new CommandFailure(`The file was not written: ${(cause as Error).message}`, { cause });
  }
}

async function diff(file: string, options: DiffOptions): Promise<void> {
  const body = { lists: readLists(file), prune: options.prune === true };
  const request = {
    ...({ method: 'POST', path: '/v1/registry/plan', body } as const),
    timeoutMs: APPLY_TIMEOUT_MS,
  };
  const planned = await withProgress('Comparing', adminJson<Planned>(options, request));
  if (options.json) await writeJson(planned);
  else await write(planText(planned.plan));
  if (options.exitCode && planned.plan.length > 0) process.exitCode = EXIT_FAILED;
}

async function apply(file: string, options: ApplyOptions): Promise<void> {
  const { wait, dryRun, prune = false, reason, ifRevision } = options;
  const body = { lists: readLists(file), prune, reason, ifRevision };
  const waiting = wait === undefined || dryRun ? '' : `?wait=${wait}`;
  const request = {
    ...({ method: 'POST', body } as const),
    path: dryRun ? '/v1/registry/plan' : `/v1/registry/apply${waiting}`,
    timeoutMs: APPLY_TIMEOUT_MS,
  };
  const applied = await withProgress('Applying', adminJson<Planned>(options, request));
  if (options.json) await writeJson(applied);
  else await write(planText(applied.plan) + outcomeText(applied, options));
  if (applied.served === false) {
    throw new CommandFailure(`Not every front serves revision ${applied.revision} yet.`);
  }
}

function outcomeText({ revision, plan, served }: Planned, { dryRun }: ApplyOptions): string {
  if (plan.length === 0) return `Nothing to do: the registry is at revision ${revision}.\n`;
  if (dryRun) return `Nothing was changed: the registry is at revision ${revision}.\n`;
  const where = served === true ? ', which every front serves' : '';
  return `The registry is at revision ${revision}${where}.\n`;
}

async function status(options: ExportOptions): Promise<void> {
  await writeJson(await adminJson(options, { path: '/v1/registry/status' }));
}

async function listMigrations(options: MigrationsOptions): Promise<void> {
  const { config } = loadConfig(options.config);
  const { store, postgresUrlFile } = config.registry;
  let pending: readonly string[] = [];
  if (store === 'sqlite') pending = await pendingSqliteMigrations(registryDatabase(config));
  if (store === 'postgres') {
    const url = readFileSync(postgresUrlFile!, 'utf8').trim();
    pending = await pendingPostgresMigrations({ url });
  }
  if (options.json) await writeJson({ store, pending });
  else if (pending.length === 0) await write('Nothing is to be migrated.\n');
  else await write(`The next start migrates: ${pending.join(', ')}.\n`);
}

function parseNumber(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('A whole number is wanted.');
  return Number(text);
}

function parseWait(text: string): number {
  const ms = parseNumber(text);
  if (ms > WAIT_MAX_MS) throw new InvalidArgumentError(`At most ${WAIT_MAX_MS} ms.`);
  return ms;
}

export function register(program: Command): void {
  const registry = program.command('registry').description('the registry as a file');
  addAdminOptions(registry.command('export'))
    .description('write all of it as registry.yaml')
    .option('--output <file>', 'a file, readable by its owner only, instead of standard output')
    .option('--json', 'JSON instead of YAML')
    .action(exportRegistry);
  addAdminOptions(registry.command('diff'))
    .description('show what applying a file would change')
    .argument('<file>', 'registry.yaml, or the same as JSON')
    .option('--prune', 'with the records that the file does not have')
    .option('--exit-code', 'exit with 1 where something differs, 2 where it cannot be told')
    .option('--json', 'for scripts: the plan as JSON')
    .action((file: string, options: DiffOptions) =>
      diff(file, options).catch(options.exitCode ? endInTrouble : rethrow),
    );
  addAdminOptions(registry.command('apply'))
    .description('make the registry what a file says, all of it or nothing')
    .argument('<file>', 'registry.yaml, or the same as JSON')
    .option('--prune', 'delete the records that the file does not have')
    .option('--dry-run', 'check all of it and change nothing')
    .option('--wait [ms]', 'return when every front serves it', parseWait)
    .option('--reason <text>', 'why, for the audit log')
    .option('--if-revision <number>', 'only where the registry is at this revision', parseNumber)
    .option('--json', 'for scripts: what was done as JSON')
    .action((file: string, { wait, ...options }: ApplyOptions & { wait?: number | true }) =>
      apply(file, { ...options, ...(wait === undefined ? {} : { wait: waitMs(wait) }) }),
    );
  addAdminOptions(registry.command('status'))
    .description('show revision, store, and what each front serves')
    .action(status);
  registry
    .command('migrations')
    .description('show what the next start would change in the tables of the database')
    .option('--config <file>', 'the configuration', 'xingyun.yaml')
    .option('--json', 'for scripts: the names as JSON')
    .action((options: MigrationsOptions) => listMigrations(options).catch(explain));
}

/** Where 1 says that something differs, it cannot say that nobody knows. */
function endInTrouble(error: unknown): void {
  reportFailure(error);
  process.exitCode = EXIT_TROUBLE;
}

function rethrow(error: unknown): never {
  throw error;
}

/** A configuration or a database that is not as it should be says so itself. */
function explain(error: unknown): never {
  if (!(error instanceof ConfigError) && !(error instanceof RegistryStoreError)) throw error;
  throw new CommandFailure(error.message, { cause: error });
}

function waitMs(given: number | true): number {
  return given === true ? WAIT_DEFAULT_MS : given;
}
