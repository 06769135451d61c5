/** What the shelf's thread is asked and answers: whatever is done with a document, it does. */
import type { JsonObject } from '../../stores/registry-contract.ts';
import type { ContractChanges } from './compare/change-list.ts';
import type { ImportChoices } from './convert-api.ts';
import type { Issue } from './read-document.ts';
import type { StyleReport } from './style/check-style.ts';

export interface CheckJob {
  readonly kind: 'check';
  readonly text: string;
  readonly deriveIds: boolean;
}

export interface ComparedVersion {
  /** The API's record. */
  readonly api: JsonObject;
  /** Its document as it was imported; undefined where it was declared without one. */
  readonly text: string | undefined;
}

export interface ImportJob {
  readonly kind: 'import';
  readonly text: string;
  readonly choices: ImportChoices;
  /** The API's record as it is. */
  readonly existing: JsonObject | undefined;
  /** What the new version is compared with. */
  readonly before: ComparedVersion | undefined;
}

/** Asks for the id that a document has of itself. */
export interface IdentifyJob {
  readonly kind: 'identify';
  readonly text: string;
}

export interface RenderJob {
  readonly kind: 'render';
  readonly text: string;
  readonly api: JsonObject;
  /** Where partners reach the gateway, without a path. */
  readonly publicUrl: string;
  readonly format: 'json' | 'yaml';
}

/** What is taken of a document, and what is not and why. */
export interface OperationsSummary {
  readonly count: number;
  readonly taken: number;
  readonly refusedCount: number;
  /** The first of them. */
  readonly refused: readonly Issue[];
  readonly notesCount: number;
  readonly notes: readonly Issue[];
}

export type CheckResult =
  | { readonly issues: readonly Issue[] }
  | { readonly operations: OperationsSummary; readonly style: StyleReport };

export type ImportResult =
  | { readonly issues: readonly Issue[]; readonly operations?: OperationsSummary }
  | {
      /** The record to store. */
      readonly api: JsonObject;
      /** The document as JSON. */
      readonly text: string;
      readonly operations: OperationsSummary;
      readonly style: StyleReport;
      /** Undefined where there is nothing to compare with. */
      readonly changes: ContractChanges | undefined;
    };

export type IdentifyResult = { readonly issues: readonly Issue[] } | { readonly id: string };

export type RenderResult = { readonly text: string };

export interface ShelfJobs {
  readonly check: { readonly job: CheckJob; readonly result: CheckResult };
  readonly import: { readonly job: ImportJob; readonly result: ImportResult };
  readonly identify: { readonly job: IdentifyJob; readonly result: IdentifyResult };
  readonly render: { readonly job: RenderJob; readonly result: RenderResult };
}

export type ShelfJob = ShelfJobs[keyof ShelfJobs]['job'];
export type ResultOf<J extends ShelfJob> = ShelfJobs[J['kind']]['result'];
