import type { ConversionOutcome } from '../../core/conversion.ts';
import { PayloadFault } from '../../payload/payload-fault.ts';
import type { Converted } from '../../payload/program.ts';
import type { ConversionItem, Output } from './conversion-codec.ts';
import type { ProgramShelf } from './program-shelf.ts';

/** Faults that are told, each with its place and its reason. */
const FAULTS_MAX = 16;
/** A pointer names members of the payload, which may be of any length. */
const POINTER_MAX_CHARACTERS = 256;
const NO_BYTES = new Uint8Array(0);

export interface ConversionResult {
  readonly outcome: ConversionOutcome;
  readonly output: Output;
}

/** Never rejects: what a program throws is its result. */
export function runConversion(
  item: Pick<ConversionItem, 'serial' | 'task' | 'input'>,
  shelf: ProgramShelf,
): ConversionResult | Promise<ConversionResult> {
  try {
    const converted = shelf.get(item.serial).run(item.task, item.input);
    return converted instanceof Promise ? converted.then(done, undone) : done(converted);
  } catch (error) {
    return undone(error);
  }
}

function done(output: Converted): ConversionResult {
  return { outcome: 'converted', output };
}

/** Any other error is a bug, or a program that asks for more than the thread has. */
function undone(error: unknown): ConversionResult {
  if (error instanceof PayloadFault) {
    return { outcome: 'refused', output: { fields: faultFields(error), bytes: NO_BYTES } };
  }
  const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { outcome: 'failed', output: { fields: [oneLine(reason)], bytes: NO_BYTES } };
}

function faultFields(fault: PayloadFault): string[] {
  const faults = [fault, ...fault.others].slice(0, FAULTS_MAX);
  const places = faults.flatMap(({ pointer, message }) => [
    oneLine(pointer).slice(0, POINTER_MAX_CHARACTERS),
    oneLine(message),
  ]);
  return [fault.kind, ...places];
}

/** A line feed ends a field. */
function oneLine(text: string): string {
  return text.replaceAll('\n', ' ');
}
