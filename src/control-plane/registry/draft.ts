/** Proposed changes laid over the registry's state, to be checked as if they were in it. */
import type { JsonObject } from '../../stores/registry-contract.ts';
import type { AnyKind } from './kinds.ts';
import type { HeldRecord, RegistryState } from './registry-state.ts';

/** A change that makes a difference. */
export interface DraftChange {
  readonly kind: AnyKind;
  readonly id: string;
  /** As it is; undefined where it is new. */
  readonly before: HeldRecord | undefined;
  /** As it would be stored; undefined where it goes. */
  readonly body: JsonObject | undefined;
}

export class Draft {
  readonly state: RegistryState;
  private readonly byKind = new Map<AnyKind, Map<string, DraftChange>>();

  constructor(state: RegistryState, changes: readonly DraftChange[]) {
    this.state = state;
    for (const change of changes) {
      const ofKind = this.byKind.get(change.kind);
      if (ofKind === undefined) this.byKind.set(change.kind, new Map([[change.id, change]]));
      else ofKind.set(change.id, change);
    }
  }

  changesOf(kind: AnyKind): ReadonlyMap<string, DraftChange> {
    return this.byKind.get(kind) ?? NONE;
  }

  /** Whether it would be there. */
  has(kind: AnyKind, id: string): boolean {
    const change = this.byKind.get(kind)?.get(id);
    return change === undefined
      ? this.state.get(kind, id) !== undefined
      : change.body !== undefined;
  }

  /** How many there would be. */
  count(kind: AnyKind): number {
    let count = this.state.count(kind);
    for (const { before, body } of this.changesOf(kind).values()) {
      count += Number(body !== undefined) - Number(before !== undefined);
    }
    return count;
  }
}

const NONE: ReadonlyMap<string, DraftChange> = new Map();
