/** Whatever is named is there, nothing goes that others name, and no kind has too many records. */
import type { Draft, DraftChange } from './draft.ts';
import { type AnyKind, PROCESS_KINDS, RECORD_KINDS } from './kinds.ts';
import { LINKS_FROM, LINKS_TO, namedIds } from './links.ts';
import type { Pace } from './pace.ts';
import type { RefusalList } from './refusal-list.ts';

/** Records of one kind of process; whoever starts one ends old ones first. */
const PROCESS_RECORDS_MAX = 100_000;
const NAMING_SHOWN_MAX = 5;

const COUNTS_MAX: readonly (readonly [AnyKind, number])[] = [
  ...RECORD_KINDS.map(({ kind, countMax }) => [kind, countMax] as const),
  ...PROCESS_KINDS.map(kind => [kind, PROCESS_RECORDS_MAX] as const),
];

export async function checkLinks(draft: Draft, list: RefusalList, pace: Pace): Promise<void> {
  for (const [kind, countMax] of COUNTS_MAX) {
    const changes = draft.changesOf(kind);
    if (changes.size === 0) continue;
    for (const change of changes.values()) {
      if (change.body === undefined) checkNobodyNames(draft, change, list);
      else checkNamed(draft, change, list);
      if (list.isFull) return;
      if (pace.isOver()) await pace.rest();
    }
    const count = draft.count(kind);
    if (count > countMax && count > draft.state.count(kind)) {
      const message = `would have ${count} records, where ${countMax} are allowed`;
      list.add('invalid', { kind, id: undefined }, '', message);
    }
  }
}

function checkNamed(draft: Draft, change: DraftChange, list: RefusalList): void {
  const body = change.body!;
  for (const link of LINKS_FROM.get(change.kind) ?? []) {
    const isList = Array.isArray(body[link.property]);
    for (const [index, id] of namedIds(body, link).entries()) {
      if (draft.has(link.to, id)) continue;
      const pointer = `/${link.property}${isList ? `/${index}` : ''}`;
      list.add('conflict', change, pointer, `names ${link.noun} ${id}, which is not there`);
    }
  }
}

/** Those that change in the same draft speak for themselves: they may name it no more. */
function checkNobodyNames(draft: Draft, change: DraftChange, list: RefusalList): void {
  const naming = new Set<string>();
  for (const link of LINKS_TO.get(change.kind) ?? []) {
    const ids = draft.state.naming(link, change.id)?.list() ?? [];
    const changing = draft.changesOf(link.from);
    for (const id of ids) {
      if (changing.has(id)) continue;
      naming.add(`${link.from} ${id}`);
      if (naming.size > NAMING_SHOWN_MAX) break;
    }
  }
  if (naming.size === 0) return;
  const shown = [...naming].slice(0, NAMING_SHOWN_MAX).join(', ');
  const more = naming.size > NAMING_SHOWN_MAX ? ' and others' : '';
  list.add('conflict', change, '', `is named by ${shown}${more}`);
}
