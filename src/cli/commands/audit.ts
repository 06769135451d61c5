/** `xingyun audit`: the log of changes, exported and verified. */
import { createReadStream, createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';
import { type Command, InvalidArgumentError } from 'commander';
import type { AuditHead } from '../../stores/registry-contract.ts';
import { type AdminOptions, addAdminOptions, adminJson, adminRequest } from '../admin-client.ts';
import { type ChainReport, verifyLines } from '../audit-lines.ts';
import { CommandFailure, EXIT_FAILED } from '../failures.ts';
import { write, writeJson } from '../output.ts';
import { withProgress } from '../progress.ts';

interface ExportOptions extends AdminOptions {
  readonly after: number;
  readonly output?: string;
}

interface VerifyOptions extends AdminOptions {
  readonly head?: AuditHead;
  readonly json?: true;
}

/** A log of millions of entries takes minutes. */
const EXPORT_TIMEOUT_MS = 3_600_000;
const STANDARD_INPUT = '-';

async function openLog(options: AdminOptions, after: number): Promise<Readable> {
  const response = await adminRequest(options, {
    path: `/v1/audit?after=${after}`,
    headers: { accept: 'application/x-ndjson' },
    timeoutMs: EXPORT_TIMEOUT_MS,
  });
  return Readable.fromWeb(response.body as ReadableStream);
}

async function exportLog(options: ExportOptions): Promise<void> {
  const log = await openLog(options, options.after);
  const { output } = options;
  if (output === undefined) {
    for await (const chunk of log) await write(chunk);
    return;
  }
  try {
    const file = createWriteStream(output, { mode: 0o600 });
    await withProgress('Exporting', pipeline(log, file));
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
  if (file !== undefined) return verifyFile(file, options.head);
  // The end is asked for first: what is written meanwhile lies behind it.
  const end = options.head ?? (await adminJson<AuditHead>(options, { path: '/v1/audit/head' }));
  return verifyLines(untilSequence(await openLog(options, 0), end.sequence), end);
}

async function verifyFile(file: string, end: AuditHead | undefined): Promise<ChainReport> {
  try {
    const input = file === STANDARD_INPUT ? process.stdin : createReadStream(file);
    return await verifyLines(input, end);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    throw new CommandFailure(`${file} cannot be read (${code}).`, { cause: error });
  }
}

/** The lines up to an entry: the log goes on growing while it is read. */
function untilSequence(log: Readable, last: number): Readable {
  const lines = async function* () {
    let [rest, seen] = ['', 0];
    for await (const chunk of log.setEncoding('utf8')) {
      const parts = (rest + chunk).split('\n');
      rest = parts.pop()!;
      for (const line of parts) {
        if (seen === last) return;
        seen += 1;
        yield `${line}\n`;
      }
    }
    if (seen < last && rest !== '') yield rest;
  };
  return Readable.from(lines());
}

function reportText({ ok, from, head, entries, fault }: ChainReport): string {
  if (ok && entries === 0) return 'The log has no entry.\n';
  const checked = `${entries} entries from ${from} on`;
  if (ok) return `The chain holds: ${checked}, up to ${head.sequence}:${head.hash}\n`;
  const why = {
    gap: 'entries are missing in front of it, or it comes again',
    previous: 'it does not follow the entry before',
    hash: 'it was changed',
    end: 'the log does not end where it should',
  }[fault!.fault];
  return `The chain breaks at entry ${fault!.sequence}: ${why}.\n`;
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
    .option('--output <file>', 'a file instead of standard output')
    .action(exportLog);
  addAdminOptions(audit.command('verify'))
    .description('check that nothing was changed, taken out or put in')
    .argument('[file]', 'an exported log, - for standard input; the gateway’s own where absent')
    .option('--head <sequence:hash>', 'where the log must end', parseHead)
    .option('--json', 'for scripts: the result as JSON')
    .action(verify);
}
