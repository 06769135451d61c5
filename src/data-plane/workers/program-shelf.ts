import type { ProgramEntry } from '../../core/conversion.ts';
import { compileProgram } from '../../payload/compile-program.ts';
import { type PayloadKeySettings, PayloadKeys } from '../../payload/encryption/payload-keys.ts';
import type { Program } from '../../payload/program.ts';

/** The programs of one thread, compiled when they are first used. */
export class ProgramShelf {
  private readonly sources = new Map<number, string>();
  private readonly compiled = new Map<number, Program>();
  private readonly keys: PayloadKeys;

  constructor(keys: PayloadKeySettings) {
    this.keys = new PayloadKeys(keys);
  }

  take(added: readonly ProgramEntry[], dropped: readonly number[]): void {
    for (const { serial, source } of added) this.sources.set(serial, source);
    for (const serial of dropped) {
      this.sources.delete(serial);
      this.compiled.delete(serial);
    }
  }

  /** @throws Error where it cannot be compiled */
  get(serial: number): Program {
    let program = this.compiled.get(serial);
    if (program === undefined) {
      program = compileProgram(this.sources.get(serial)!, this.keys);
      this.compiled.set(serial, program);
    }
    return program;
  }
}
