import { noRoomForAnswer } from '../../core/answer-room.ts';
import type { ConversionOutcome } from '../../core/conversion.ts';
import type { Exchange } from '../../core/exchange.ts';
import { type Problem, problem, problemAt } from '../../core/problems.ts';

type Unconverted = Exclude<ConversionOutcome, 'converted'>;

const SATURATED = 'Too many bodies wait to be converted.';

/** `fields` are the kind of fault, then pairs of a JSON Pointer and what is wrong there. */
export function refusalOfRequest(outcome: Unconverted, fields: readonly string[]): Problem {
  if (outcome === 'saturated') return problem('overloaded', SATURATED);
  if (outcome === 'failed') {
    return problem(
      'internal-error',
      'The body could not be converted; it was logged with this requestId.',
    );
  }
  if (fields[0] === 'undecryptable') {
    const detail = 'What is encrypted in the body cannot be decrypted.';
    return problemAt('payload-undecryptable', detail, placesOf(fields));
  }
  return problemAt(
    'payload-invalid',
    'The body breaks the contract of the operation.',
    placesOf(fields),
  );
}

/** Where the answer is wrong is the bank's to know: the log has it. */
export function refusalOfAnswer(exchange: Exchange, outcome: Unconverted): Problem {
  if (outcome === 'saturated') return noRoomForAnswer(exchange, SATURATED);
  if (outcome === 'failed') {
    return problem(
      'internal-error',
      'The answer could not be converted; it was logged with this requestId.',
    );
  }
  return problem('answer-invalid', 'The bank’s system did not answer as its contract says.');
}

function placesOf(fields: readonly string[]): (readonly [string, string])[] {
  const places: (readonly [string, string])[] = [];
  for (let i = 1; i + 1 < fields.length; i += 2) places.push([fields[i]!, fields[i + 1]!]);
  return places;
}
