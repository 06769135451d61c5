/** The entries of the audit log that go with a change. */
import { createHash } from 'node:crypto';
import type { AuditChange, AuditDraft, JsonObject } from '../../stores/registry-contract.ts';
import type { DraftChange } from './draft.ts';
import { roughBytes } from './json-values.ts';
import { toMasked } from './record-forms.ts';

/** An entry is hashed and exported as one text, so a large change has several. */
const ENTRY_CHANGES_MAX = 500;
const ENTRY_MAX_BYTES = 8_388_608;

export type Trace = Omit<AuditDraft, 'changes'>;

/** A document that differs, with its text as it is; undefined where there is none. */
export interface DocumentDraft {
  readonly name: string;
  readonly before: string | undefined;
  readonly text: string | undefined;
}

/** At least one, in the order of the changes. */
export function draftAudit(
  trace: Trace,
  changes: readonly DraftChange[],
  documents: readonly DocumentDraft[],
  facts: readonly AuditChange[],
): AuditDraft[] {
  const entries: AuditChange[][] = [[]];
  let bytes = 0;
  for (const change of [...maskAll(changes, documents), ...facts]) {
    const changeBytes = roughBytes(change.before) + roughBytes(change.after);
    const { length } = entries.at(-1)!;
    if (length >= ENTRY_CHANGES_MAX || (length > 0 && bytes + changeBytes > ENTRY_MAX_BYTES)) {
      entries.push([]);
      bytes = 0;
    }
    bytes += changeBytes;
    entries.at(-1)!.push(change);
  }
  return entries.map(entry => ({ ...trace, changes: entry }));
}

function* maskAll(
  changes: readonly DraftChange[],
  documents: readonly DocumentDraft[],
): Iterable<AuditChange> {
  for (const { kind, id, before, body } of changes) {
    yield {
      kind,
      id,
      before: before === undefined ? null : toMasked(kind, before.body),
      after: body === undefined ? null : toMasked(kind, body),
    };
  }
  for (const { name, before, text } of documents) {
    yield { kind: 'document', id: name, before: digest(before), after: digest(text) };
  }
}

/** A document may be large; the log keeps what tells it from any other. */
function digest(text: string | undefined): JsonObject | null {
  if (text === undefined) return null;
  return {
    sha256: createHash('sha256').update(text).digest('hex'),
    bytes: Buffer.byteLength(text),
  };
}
