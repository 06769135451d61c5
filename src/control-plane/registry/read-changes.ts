/** From what somebody proposes to what would be stored, for each record by itself. */
import type { JsonObject } from '../../stores/registry-contract.ts';
import type { ProposedChange } from './desk-contract.ts';
import type { DraftChange } from './draft.ts';
import { fitsBytes, isEqualJson } from './json-values.ts';
import { type AnyKind, idOf, PROCESS_KINDS, type ProcessKind, type RecordKind } from './kinds.ts';
import type { Pace } from './pace.ts';
import { isSealOutdated, toShown, toStored } from './record-forms.ts';
import type { RefusalList } from './refusal-list.ts';
import type { HeldRecord, RegistryState } from './registry-state.ts';
import type { SecretSealer } from './sealer.ts';

/** Of one record's JSON text, as it is stored. */
const RECORD_MAX_BYTES = 1_048_576;

export interface ReadContext {
  readonly state: RegistryState;
  readonly sealer: SecretSealer;
  readonly list: RefusalList;
  readonly pace: Pace;
}

/** What would make a difference; what speaks against any of it is in the list of refusals. */
export async function readChanges(
  proposed: Iterable<ProposedChange>,
  context: ReadContext,
): Promise<DraftChange[]> {
  const { list, pace } = context;
  const seen = new Map<AnyKind, Set<string>>();
  const changes: DraftChange[] = [];
  for (const change of proposed) {
    if (isRepeated(change, seen)) list.add('invalid', change, '', 'is there twice');
    else if (isAsSaid(change, context)) {
      const read = readChange(change, context);
      if (read !== undefined) changes.push(read);
    }
    if (list.isFull) break;
    if (pace.isOver()) await pace.rest();
  }
  return changes;
}

function isRepeated({ kind, id }: ProposedChange, seen: Map<AnyKind, Set<string>>): boolean {
  const ofKind = seen.get(kind);
  if (ofKind === undefined) seen.set(kind, new Set([id]));
  else if (ofKind.has(id)) return true;
  else ofKind.add(id);
  return false;
}

/** Whether it is there and has the version that the change was made for. */
function isAsSaid(change: ProposedChange, { state, list }: ReadContext): boolean {
  const { kind, id, body, ifVersion } = change;
  const version = state.get(kind, id)?.version ?? 0;
  const mustBeThere = body === undefined || (ifVersion ?? 0) > 0;
  if (version === 0 && mustBeThere) {
    list.add('missing', change, '', 'is not there');
    return false;
  }
  if (ifVersion === undefined || ifVersion === version) return true;
  const message = ifVersion === 0 ? 'exists' : `has version ${version}, not ${ifVersion}`;
  list.add('stale', change, '', message);
  return false;
}

/** Undefined where it makes no difference or was refused. */
function readChange(change: ProposedChange, context: ReadContext): DraftChange | undefined {
  const { kind, id, body: given } = change;
  const before = context.state.get(kind, id);
  if (given === undefined) return { kind, id, before, body: undefined };
  const body = isProcess(kind)
    ? takeProcess(kind, change, given, context)
    : readRecord(kind, change, given, before, context);
  if (body === undefined || isEqualJson(body, before?.body)) return undefined;
  return { kind, id, before, body };
}

function isProcess(kind: AnyKind): kind is ProcessKind {
  return (PROCESS_KINDS as readonly string[]).includes(kind);
}

/** A copy, so that the state is nobody else's. */
function takeProcess(
  kind: ProcessKind,
  { id }: ProposedChange,
  given: JsonObject,
  { list }: ReadContext,
): JsonObject | undefined {
  const text = JSON.stringify(given);
  if (Buffer.byteLength(text) <= RECORD_MAX_BYTES) return JSON.parse(text);
  list.add('invalid', { kind, id }, '', TOO_LARGE);
  return undefined;
}

function readRecord(
  kind: RecordKind,
  { id }: ProposedChange,
  given: JsonObject,
  before: HeldRecord | undefined,
  { sealer, list }: ReadContext,
): JsonObject | undefined {
  // What comes back as it was shown needs no key parsed again, unless it is to be sealed anew.
  if (before !== undefined && isEqualJson(given, toShown(kind, before.body))) {
    if (!isSealOutdated(before.body, sealer)) return before.body;
  }
  const read = toStored(kind, given, { sealer, current: before?.body });
  if ('refusals' in read) {
    for (const { pointer, message } of read.refusals) {
      list.add('invalid', { kind, id }, pointer, message);
    }
    return undefined;
  }
  const { stored } = read;
  const ownId = idOf(kind, stored);
  if (ownId !== id) {
    const pointer = kind === 'subscription' ? '' : '/id';
    list.add('invalid', { kind, id }, pointer, `must be ${id}, the id of the record`);
    return undefined;
  }
  if (fitsBytes(stored, RECORD_MAX_BYTES)) return stored;
  list.add('invalid', { kind, id }, '', TOO_LARGE);
  return undefined;
}

const TOO_LARGE = `must have at most ${RECORD_MAX_BYTES} bytes as JSON`;
