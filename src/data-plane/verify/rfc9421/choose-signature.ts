import { type Problem, problem } from '../../../core/problems.ts';
import type { KeyEntry, RecordLookup } from '../../../core/snapshot.ts';
import type { SignatureInput } from './signature-input.ts';

/** The signature that decides a request, and the key that it names. */
export interface ChosenSignature {
  readonly entry: KeyEntry;
  readonly input: SignatureInput;
}

/**
 * The first of at most `labelsMax` labelled signatures whose `keyid` is registered, in the order
 * in which they were written. Whatever is wrong with it then refuses the request: falling back to
 * the next would let the weakest of several decide. `tag` and the label's name play no part.
 */
export function chooseSignature(
  inputs: readonly SignatureInput[],
  keys: RecordLookup<KeyEntry>,
  labelsMax: number,
): ChosenSignature | Problem {
  const count = Math.min(inputs.length, labelsMax);
  let named = false;
  for (let i = 0; i < count; i++) {
    const input = inputs[i]!;
    const { keyid } = input.parameters;
    if (keyid === undefined) continue;
    named = true;
    const entry = keys.get(keyid);
    if (entry !== undefined) return { entry, input };
  }
  return named
    ? problem('key-unknown', 'No key is registered under this keyid.')
    : problem('signature-coverage', 'The signature lacks the parameter keyid.');
}
