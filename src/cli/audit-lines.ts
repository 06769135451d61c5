/** Reads exported audit lines one after another, and checks their chain. */
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { type ChainBreak, ChainVerifier, EMPTY_CHAIN } from '../stores/audit-chain.ts';
import type { AuditEntry, AuditHead } from '../stores/registry-contract.ts';
import { CommandFailure } from './failures.ts';

export interface ChainReport {
  readonly ok: boolean;
  /** Of the first line; 0 where there is none. */
  readonly from: number;
  /** The last entry that holds. */
  readonly head: AuditHead;
  readonly entries: number;
  readonly fault?: ChainBreak;
}

/**
 * Checks the chain of the lines. Lines that begin behind the first entry are checked from there on:
 * what the first of them follows is not known then.
 *
 * @param end where the chain is said to end
 */
export async function verifyLines(
  input: Readable,
  end: AuditHead | undefined,
): Promise<ChainReport> {
  let verifier: ChainVerifier | undefined;
  let from = 0;
  let entries = 0;
  for await (const entry of readEntries(input)) {
    if (verifier === undefined) {
      from = entry.sequence;
      verifier = new ChainVerifier(startOf(entry));
    }
    entries += 1;
    if (verifier.check([entry]) !== undefined) break;
  }
  verifier ??= new ChainVerifier();
  const fault = end === undefined ? verifier.check([]) : verifier.finish(end);
  const report = { ok: fault === undefined, from, head: verifier.head, entries };
  return fault === undefined ? report : { ...report, fault };
}

function startOf({ sequence, previousHash }: AuditEntry): AuditHead {
  return sequence <= 1 ? EMPTY_CHAIN : { sequence: sequence - 1, hash: previousHash };
}

async function* readEntries(input: Readable): AsyncGenerator<AuditEntry> {
  let line = 0;
  for await (const text of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
    line += 1;
    if (text.trim() === '') continue;
    yield parseEntry(text, line);
  }
}

function parseEntry(text: string, line: number): AuditEntry {
  try {
    const entry = JSON.parse(text) as AuditEntry;
    if (Number.isSafeInteger(entry.sequence) && typeof entry.hash === 'string') return entry;
  } catch {
    // Told below like any other line that is none of the log's.
  }
  throw new CommandFailure(`Line ${line} is not an entry of an audit log.`);
}
