import type { CheckOutcome } from '../../core/check.ts';
import type { Conversion } from '../../core/conversion.ts';
import type { CounterSet } from '../../core/counters.ts';
import type { PayloadKeySettings } from '../../payload/encryption/payload-keys.ts';
import type { Output } from './conversion-codec.ts';
import { conversionMicros, learnMicros } from './conversion-costs.ts';
import { ProgramShelf } from './program-shelf.ts';
import { KnownPrograms } from './programs.ts';
import { type ConversionResult, runConversion } from './run-conversion.ts';

const MICROS_PER_MS = 1_000;
const NOTHING: Output = { fields: [], bytes: new Uint8Array(0) };

/** The pool's side of conversions: what they cost, those that run here, and how each ended. */
export class ConversionDesk {
  private readonly counters: CounterSet;
  private readonly known = new KnownPrograms();
  private readonly shelf: ProgramShelf;

  constructor(counters: CounterSet, payloadKeys: PayloadKeySettings) {
    this.counters = counters;
    this.shelf = new ProgramShelf(payloadKeys);
  }

  microsOf(conversion: Conversion): number {
    return conversionMicros(conversion);
  }

  /** On this thread; settles before it returns where the program waits for nothing. */
  async runHere(conversion: Conversion): Promise<void> {
    const startMs = performance.now();
    const { program, task, input } = conversion;
    const { added, dropped } = this.known.use([program]);
    this.shelf.take(added, dropped);
    const pending = runConversion({ serial: program.serial, task, input }, this.shelf);
    const result = pending instanceof Promise ? await pending : pending;
    conversion.waitMs = 0;
    conversion.serviceMs = performance.now() - startMs;
    this.counters.add('conversions_inline');
    this.conclude(conversion, result);
  }

  /** `without` says why there is no result. */
  settle(conversion: Conversion, without: CheckOutcome, result?: ConversionResult): void {
    if (result !== undefined) {
      this.counters.add('conversions_pooled');
      return this.conclude(conversion, result);
    }
    const outcome = without === 'verify-saturated' ? 'saturated' : 'failed';
    this.conclude(conversion, { outcome, output: NOTHING });
  }

  private conclude(conversion: Conversion, { outcome, output }: ConversionResult): void {
    const micros = conversion.serviceMs * MICROS_PER_MS;
    // What is refused is often so at once: it tells of the others only where it took longer.
    if (outcome === 'converted' || micros > conversionMicros(conversion)) {
      learnMicros(conversion, micros);
    }
    if (outcome !== 'converted') this.counters.add(`conversions_${outcome}`);
    conversion.settle(outcome, output.fields, output.bytes);
  }
}
