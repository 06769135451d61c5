/** What a rule of ours is: a function over the part of the document that it is given. */
import type { JsonObject } from '../../../stores/registry-contract.ts';
import type { JsonPath } from '../pointers.ts';
import type { DocumentView } from './document-view.ts';

export interface RuleFinding {
  readonly path: JsonPath;
  /** A verb phrase about what is at the path. */
  readonly message: string;
}

export type RuleCheck = (node: JsonObject, path: JsonPath, view: DocumentView) => RuleFinding[];

export type Severity = 'error' | 'warn' | 'info';
