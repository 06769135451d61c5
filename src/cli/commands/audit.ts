/** `xingyun audit`: the log of changes, exported and verified. */
import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { type Command, InvalidArgumentError } from 'commander';
import type { AuditHead } from '../../stores/registry-contract.ts';
import { type AdminOptions, addAdminOptions, adminJson, adminStream } from '../admin-client.ts';
import { type ChainBounds, type ChainReport, verifyLines } from '../audit-lines.ts';
import { CommandFailure, EXIT_FAILED } from '../failures.ts';
import { write, writeJson, writePrivateFile } from '../output.ts';
import { withProgress } from '../progress.ts';

interface ExportOptions extends AdminOptions {
  readonly after: number;
  readonly output?: string;
}

interface VerifyOptions extends AdminOptions {
  readonly after?: AuditHead;
  readonly head?: AuditHead;
  readonly json?: true;
}

/** A log of millions of entries takes minutes. */
const EXPORT_TIMEOUT_MS = 3_600_000;
const STANDARD_INPUT = '-';

function openLog(options: AdminOptions, after: number): Promise<Readable> {
  return adminStream(options, {
    path: `/v1/audit?after=${after}`,
    headers: { accept: 'application/x-ndjson' },
    timeoutMs: EXPORT_TIMEOUT_MS,
  });
}

async function exportLog(options: ExportOptions): Promise<void> {
  const log = await openLog(options, options.after);
  const { output } = options;
  if (output === undefined) {
    for await (const chunk of log) await write(chunk);
    return;
  }
  try {
    await withProgress('Exporting', writePrivateFile(output, log));
  } catch (cause) {
    throw new CommandFailure(`The log was not written: ${(cause as Error).message}`, { cause });
  }
}

/** From a file or standard input, or all of what the gateway has with the end that it names. */
async function verify(file: string | undefined, options: VerifyOptions): Promise<void> {
  const report = await withProgress('Verifying', verifyFrom(file, options));
  if (options.json) await writeJson(report);
  else await write(reportText(report));
  if (!report.ok) process.exitCode = EXIT_FAILED;
}

async function verifyFrom(file: string | undefined, options: VerifyOptions): Promise<ChainReport> {
  const { after, head } = options;
  if (file !== undefined) return verifyFile(file, { after, end: head });
  // The end is asked for first: what is written meanwhile lies behind it.
  const end = head ?? (await adminJson<AuditHead>(options, { path: '/v1/audit/head' }));
  const log = await openLog(options, after?.sequence ?? 0);
  return verifyLines(log, { after, end, isGrowing: true });
}

async function verifyFile(file: string, bounds: ChainBounds): Promise<ChainReport> {
  try {
    const input = file === STANDARD_INPUT ? process.stdin : createReadStream(file);
    return await verifyLines(input, bounds);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    throw new CommandFailure(`${file} cannot be read (${code}).`, { cause: error });
  }
}

const LATER_PART =
  ' Where this is the later part of a log, say with --after where the other ended.';

function reportText({ ok, from, head, entries, fault }: ChainReport): string {
  if (ok && entries === 0) {
    return head.sequence === 0
      ? 'The log has no entry.\n'
      : `The log has no entry behind ${head.sequence}.\n`;
  }
  const checked = `${entries} entries from ${from} on`;
  if (ok) return `The chain holds: ${checked}, up to ${head.sequence}:${head.hash}\n`;
  const why = {
    gap: 'entries are missing in front of it, or it comes again',
    previous: 'it does not follow the entry before',
    hash: 'it was changed',
    end: 'the log does not end where it should',
  }[fault!.fault];
  const hint = entries === 1 && fault!.fault === 'gap' ? LATER_PART : '';
  return `The chain breaks at entry ${fault!.sequence}: ${why}.${hint}\n`;
}

function parseHead(text: string): AuditHead {
  const [, sequence, hash] = /^(\d{1,15}):([0-9a-f]{64})$/.exec(text) ?? [];
  if (hash === undefined) throw new InvalidArgumentError('Give it as <sequence>:<hash>.');
  return { sequence: Number(sequence), hash };
}

function parseSequence(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('A whole number is wanted.');
  return Number(text);
}

export function register(program: Command): void {
  const audit = program.command('audit').description('the log of changes');
  addAdminOptions(audit.command('export'))
    .description('write the log as NDJSON, an entry a line')
    .option('--after <sequence>', 'only entries behind this one', parseSequence, 0)
    .option('--output <file>', 'a file, readable by its owner only, instead of standard output')
    .action(exportLog);
  addAdminOptions(audit.command('verify'))
    .description('check that nothing was changed, taken out or put in')
    .argument('[file]', 'an exported log, - for standard input; the gateway’s own where absent')
    .option(
      '--after <sequence:hash>',
      'what it must follow: where the part before it ended (the beginning of the log)',
      parseHead,
    )
    .option('--head <sequence:hash>', 'where the log must end', parseHead)
    .option('--json', 'for scripts: the result as JSON')
    .action(verify);
}
