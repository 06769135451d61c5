import { type JsonPath, toPointer } from '../pointers.ts';

const CHANGES_MAX = 500;

/** What is different between two versions of a document. */
export interface ContractChange {
  readonly code: string;
  /** The operation's id. */
  readonly operation: string;
  /** Into the new document; into the old one for what is gone. */
  readonly pointer: string;
  /** A verb phrase. */
  readonly message: string;
}

export interface ContractChanges {
  /** What callers of the old version may fail at. */
  readonly breaking: readonly ContractChange[];
  /** What they need not know. */
  readonly compatible: readonly ContractChange[];
  /** What is different and not understood: somebody must look. */
  readonly unclear: readonly ContractChange[];
  /** False where there was too much to compare or to list; the rest counts as breaking. */
  readonly complete: boolean;
}

export class ChangeList {
  readonly breaking: ContractChange[] = [];
  readonly compatible: ContractChange[] = [];
  readonly unclear: ContractChange[] = [];
  complete = true;
  private operation = '';
  /** One change may be come across on several ways. */
  private readonly known = new Set<string>();

  /** Whose changes are added from now on. */
  about(operation: string): void {
    this.operation = operation;
  }

  addBreaking(code: string, path: JsonPath, message: string): void {
    this.add(this.breaking, code, path, message);
  }

  addCompatible(code: string, path: JsonPath, message: string): void {
    this.add(this.compatible, code, path, message);
  }

  addUnclear(code: string, path: JsonPath, message: string): void {
    this.add(this.unclear, code, path, message);
  }

  private add(list: ContractChange[], code: string, path: JsonPath, message: string): void {
    const { operation } = this;
    const pointer = toPointer(path);
    const key = JSON.stringify([code, operation, pointer, message]);
    if (this.known.has(key)) return;
    if (list.length >= CHANGES_MAX) {
      // What is compatible may be left out; what breaks must not seem to be all.
      if (list !== this.compatible) this.complete = false;
      return;
    }
    this.known.add(key);
    list.push({ code, operation, pointer, message });
  }
}
