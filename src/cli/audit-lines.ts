/** Reads exported audit lines one after another, and checks their chain. */
import type { Readable } from 'node:stream';
import {
  type ChainBreak,
  ChainVerifier,
  canonicalJson,
  EMPTY_CHAIN,
} from '../stores/audit-chain.ts';
import type { AuditEntry, AuditHead, JsonValue } from '../stores/registry-contract.ts';
import { CommandFailure } from './failures.ts';

export interface ChainReport {
  readonly ok: boolean;
  /** Of the first line; 0 where there is none. */
  readonly from: number;
  /** The last entry that holds; where none does, what the first had to follow. */
  readonly head: AuditHead;
  readonly entries: number;
  readonly fault?: ChainBreak;
}

export interface ChainBounds {
  /** What the first line must follow: where the lines before it ended. The empty chain's end. */
  readonly after?: AuditHead | undefined;
  /** Where the chain is said to end. */
  readonly end?: AuditHead | undefined;
  /** Whether the log goes on growing while it is read: what is behind the end is not looked at. */
  readonly isGrowing?: boolean;
}

/** Checks the chain of the lines. Nothing that they say of themselves decides where they begin. */
export async function verifyLines(
  input: Readable,
  { after = EMPTY_CHAIN, end, isGrowing = false }: ChainBounds = {},
): Promise<ChainReport> {
  const verifier = new ChainVerifier(after);
  let from = 0;
  let entries = 0;
  for await (const entry of readEntries(input)) {
    if (isGrowing && end !== undefined && entry.sequence > end.sequence) break;
    if (entries === 0) from = entry.sequence;
    entries += 1;
    if (verifier.check([entry]) !== undefined) break;
  }
  const fault = end === undefined ? verifier.check([]) : verifier.finish(end);
  const report = { ok: fault === undefined, from, head: verifier.head, entries };
  return fault === undefined ? report : { ...report, fault };
}

async function* readEntries(input: Readable): AsyncGenerator<AuditEntry> {
  let line = 0;
  for await (const text of linesOf(input)) {
    line += 1;
    // As a file has it that went through Windows.
    const entry = text.endsWith('\r') ? text.slice(0, -1) : text;
    if (entry !== '') yield parseEntry(entry, line);
  }
}

/** A line may have 60 MB: its pieces are joined once. */
async function* linesOf(input: Readable): AsyncGenerator<string> {
  let pieces: string[] = [];
  for await (const chunk of input.setEncoding('utf8') as AsyncIterable<string>) {
    let from = 0;
    for (let end = chunk.indexOf('\n'); end >= 0; end = chunk.indexOf('\n', from)) {
      pieces.push(chunk.slice(from, end));
      yield pieces.join('');
      pieces = [];
      from = end + 1;
    }
    pieces.push(chunk.slice(from));
  }
  yield pieces.join('');
}

function parseEntry(text: string, line: number): AuditEntry {
  try {
    const entry = JSON.parse(text) as AuditEntry;
    const isOne = Number.isSafeInteger(entry.sequence) && typeof entry.hash === 'string';
    if (isOne && isWrittenAs(text, entry)) return entry;
  } catch {
    // Told below like any other line that is none of the log's.
  }
  const message = `Line ${line} is not an entry of an audit log as the gateway writes it.`;
  throw new CommandFailure(message);
}

/**
 * Whether the text says what was read of it and no more: of a member that comes twice the last one
 * is read, and a person may see the first.
 */
function isWrittenAs(text: string, entry: AuditEntry): boolean {
  return JSON.stringify(entry) === text || canonicalJson(entry as unknown as JsonValue) === text;
}
