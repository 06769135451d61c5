import type { ValidateFunction } from 'ajv';
import { BankProblem } from './bank-problem.ts';

/** A body that follows its schema, or what is wrong with it. */
export function checkBody<T>(validate: ValidateFunction, body: unknown): T | BankProblem {
  if (validate(body)) return body as T;
  const error = validate.errors?.[0];
  return new BankProblem('body-invalid', `${error?.instancePath || 'The body'} ${error?.message}.`);
}
