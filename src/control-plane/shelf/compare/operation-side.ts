import type { FoundOperation } from '../path-items.ts';
import type { References } from '../references.ts';

/** An operation in one of the two documents. */
export interface OperationSide {
  readonly operation: FoundOperation;
  readonly references: References;
}
