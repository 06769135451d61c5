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
  /** False where there was too much to compare or to list; the rest counts as breaking. */
  readonly complete: boolean;
}

export class ChangeList {
  readonly breaking: ContractChange[] = [];
  readonly compatible: ContractChange[] = [];
  complete = true;
  private operation = '';

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

  private add(list: ContractChange[], code: string, path: JsonPath, message: string): void {
    if (list.length >= CHANGES_MAX) {
      // What is compatible may be left out; what breaks must not seem to be all.
      if (list === this.breaking) this.complete = false;
      return;
    }
    list.push({ code, operation: this.operation, pointer: toPointer(path), message });
  }
}
