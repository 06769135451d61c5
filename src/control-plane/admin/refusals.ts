/** What the registry refuses, as one problem document. */
import type { ChangeRefusal } from '../registry/desk-contract.ts';
import { type AdminProblem, adminProblem } from './problems.ts';

/** Of the refusals in one answer; `errorsTotal` says how many there were. */
const ERRORS_MAX = 100;

export interface ProblemItem {
  /** RFC 6901, into the record or the body; '' for the whole. */
  readonly pointer: string;
  readonly code: string;
  /** A verb phrase. */
  readonly message: string;
  /** `<kind>/<id>`, where it is about a record. */
  readonly record?: string;
}

export interface ItemisedProblem extends AdminProblem {
  readonly errors: readonly ProblemItem[];
  readonly errorsTotal: number;
}

/** The status and code of the first refusal, all of them in `errors`. */
export function refusalsProblem(refusals: readonly ChangeRefusal[]): ItemisedProblem {
  const [first] = refusals;
  if (first === undefined) throw new Error('a refusal without a reason');
  return withItems(adminProblem(first.code, sentence(first)), refusals.map(itemOf));
}

export function withItems(problem: AdminProblem, items: readonly ProblemItem[]): ItemisedProblem {
  return { ...problem, errors: items.slice(0, ERRORS_MAX), errorsTotal: items.length };
}

function itemOf({ pointer, code, message, kind, id }: ChangeRefusal): ProblemItem {
  if (kind === undefined || id === undefined) return { pointer, code, message };
  return { pointer, code, message, record: `${kind}/${id}` };
}

function sentence({ kind, id, pointer, message }: ChangeRefusal): string {
  const subject = kind === undefined ? 'The request' : id === undefined ? kind : `${kind}/${id}`;
  return `${subject}${pointer === '' ? '' : ` ${pointer}`} ${message}.`;
}
