/** What a rule of ours is: a function over a document. */
import type { JsonObject } from '../../../stores/registry-contract.ts';
import type { FoundOperation } from '../path-items.ts';
import type { JsonPath } from '../pointers.ts';
import type { DocumentView } from './document-view.ts';

export interface RuleFinding {
  readonly path: JsonPath;
  /** A verb phrase about what is at the path. */
  readonly message: string;
}

export type RuleCheck = (document: JsonObject, view: DocumentView) => RuleFinding[];

/** About one operation, wherever the reference of its path leads. */
export type OperationCheck = (operation: FoundOperation, view: DocumentView) => RuleFinding[];

export type Severity = 'error' | 'warn' | 'info';
