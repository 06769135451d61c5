import { SLOT_NAME_MAX_BYTES, SlotDirectory } from './slot-directory.ts';

/** The slot of all that have none of their own, and its name wherever it is shown. */
export const OTHER_SLOT = 0;
export const OTHER = 'other';

/**
 * Front: who has a slot of their own. Slots are given as names come, at most `namesMax`; then those
 * of names that have left are given anew, longest gone first. What such a name had counted goes to
 * `other` before, so that no sum goes backwards.
 *
 * The record of `other` in the directory is withdrawn for as long as counts are moved: a reader
 * that finds it unchanged has neither missed them nor seen them twice.
 */
export class SlotTable {
  readonly directory: SlotDirectory;
  private readonly namesMax: number;
  private readonly fold: (from: number, into: number) => void;
  private readonly slots = new Map<string, number>();
  private readonly gone = new Set<string>();

  /** @param fold moves what a slot holds into another */
  constructor(namesMax: number, fold: (from: number, into: number) => void) {
    this.namesMax = namesMax;
    this.fold = fold;
    this.directory = new SlotDirectory(namesMax + 1);
    this.directory.publish(OTHER_SLOT, OTHER);
  }

  /** The slot of a name, given to it now where it has none yet. */
  slotOf(name: string): number {
    return this.slots.get(name) ?? this.assign(name);
  }

  /** The slot of a name that has one. */
  known(name: string): number | undefined {
    return this.slots.get(name);
  }

  /** Names with a slot, in the order in which they got them. */
  names(): Iterable<string> {
    return this.slots.keys();
  }

  /** Every slot has an owner that is still there. */
  get isFull(): boolean {
    return this.slots.size >= this.namesMax && this.gone.size === 0;
  }

  /** The name keeps its slot until another needs it. */
  leave(name: string): void {
    if (this.slots.has(name)) this.gone.add(name);
  }

  comeBack(name: string): void {
    this.gone.delete(name);
  }

  private assign(name: string): number {
    if (this.isFull || name === OTHER || Buffer.byteLength(name) > SLOT_NAME_MAX_BYTES) {
      return OTHER_SLOT;
    }
    const slot = this.slots.size < this.namesMax ? this.slots.size + 1 : this.reclaim();
    this.directory.publish(slot, name);
    this.slots.set(name, slot);
    return slot;
  }

  private reclaim(): number {
    const [name] = this.gone as Iterable<string> as [string];
    const slot = this.slots.get(name)!;
    this.gone.delete(name);
    this.slots.delete(name);
    this.directory.withdraw(OTHER_SLOT);
    this.directory.withdraw(slot);
    this.fold(slot, OTHER_SLOT);
    this.directory.publish(OTHER_SLOT, OTHER);
    return slot;
  }
}
