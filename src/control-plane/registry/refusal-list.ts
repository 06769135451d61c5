/** What speaks against a change, as far as it is worth telling. */
import type { ChangeRefusal, RefusalCode } from './desk-contract.ts';
import type { AnyKind } from './kinds.ts';

/** A file with more mistakes than these has one that explains them. */
const REFUSALS_MAX = 200;

export class RefusalList {
  readonly refusals: ChangeRefusal[] = [];

  get isEmpty(): boolean {
    return this.refusals.length === 0;
  }

  get isFull(): boolean {
    return this.refusals.length >= REFUSALS_MAX;
  }

  /** Of one record; `message` is a verb phrase. */
  add(
    code: RefusalCode,
    { kind, id }: { readonly kind: AnyKind; readonly id: string | undefined },
    pointer: string,
    message: string,
  ): void {
    if (!this.isFull) this.refusals.push({ code, kind, id, pointer, message });
  }
}

/** A refusal of the whole request. */
export function refuseAll(code: RefusalCode, message: string): { refusals: ChangeRefusal[] } {
  return { refusals: [{ code, kind: undefined, id: undefined, pointer: '', message }] };
}
