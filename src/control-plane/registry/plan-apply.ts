/** From lists of records to the changes that make the registry say the same. */
import type { JsonObject } from '../../stores/registry-contract.ts';
import type { PlannedChange, ProposedChange, RegistryLists } from './desk-contract.ts';
import type { DraftChange } from './draft.ts';
import { differingPointers } from './json-values.ts';
import { idOf, RECORD_KINDS, type RecordKind } from './kinds.ts';
import { toShown } from './record-forms.ts';
import type { RefusalList } from './refusal-list.ts';
import type { RegistryState } from './registry-state.ts';

/**
 * What the lists have, by kind and id, then what goes where `prune` says so, in the reverse order
 * of kinds: so each step alone would leave nothing that names what is not there.
 */
export function proposeLists(
  state: RegistryState,
  lists: RegistryLists,
  prune: boolean,
  refusals: RefusalList,
): ProposedChange[] {
  const proposed: ProposedChange[] = [];
  const going: ProposedChange[] = [];
  for (const { kind, list } of RECORD_KINDS) {
    const named = nameAll(kind, lists[list] ?? [], refusals);
    for (const id of [...named.keys()].sort()) proposed.push({ kind, id, body: named.get(id)! });
    if (!prune) continue;
    const gone = state
      .ids(kind)
      .list()
      .filter(id => !named.has(id));
    going.unshift(...gone.map(id => ({ kind, id, body: undefined })));
  }
  return [...proposed, ...going];
}

function nameAll(
  kind: RecordKind,
  bodies: readonly JsonObject[],
  refusals: RefusalList,
): Map<string, JsonObject> {
  const named = new Map<string, JsonObject>();
  for (const [index, body] of bodies.entries()) {
    const id = idOf(kind, body);
    if (id === '') {
      refusals.add('invalid', { kind, id: undefined }, '/id', `is missing in record ${index + 1}`);
    } else if (named.has(id)) {
      refusals.add('invalid', { kind, id }, '', `is there twice, again as record ${index + 1}`);
    } else {
      named.set(id, body);
    }
  }
  return named;
}

export function describePlan(changes: readonly DraftChange[]): PlannedChange[] {
  return changes.map(({ kind, id, before, body }) => {
    const ofKind = { kind: kind as RecordKind, id };
    if (body === undefined) return { action: 'delete', ...ofKind, pointers: [] };
    if (before === undefined) return { action: 'create', ...ofKind, pointers: [] };
    const pointers = differingPointers(toShown(kind, before.body), toShown(kind, body));
    return { action: 'update', ...ofKind, pointers };
  });
}
