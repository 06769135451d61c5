/** A change that waits for a second person, as the process record that it is stored as. */
import { randomBytes } from 'node:crypto';
import type { JsonObject } from '../../stores/registry-contract.ts';
import type { ProposedChange, ShownRecord } from '../registry/desk-contract.ts';
import type { AnyKind } from '../registry/kinds.ts';
import type { NeededApproval } from './approval-rules.ts';

/** From the request to its expiry. */
export const APPROVAL_EXPIRES_AFTER_MS = 7 * 86_400_000;

export const APPROVAL_STATES = ['pending', 'approved', 'rejected', 'expired'] as const;
export type ApprovalState = (typeof APPROVAL_STATES)[number];

interface KeptChange {
  readonly kind: AnyKind;
  readonly id: string;
  /** The version that it was asked for; 0 where the record is new. */
  readonly ifVersion: number;
  /** With secrets sealed; null deletes. */
  readonly body: JsonObject | null;
}

/** As it is stored and shown. */
export interface Approval {
  readonly id: string;
  readonly state: ApprovalState;
  readonly action: string;
  /** Ids of operators. */
  readonly requestedBy: string;
  readonly requestedAtMs: number;
  readonly reason: string;
  /** Why it needs one. */
  readonly rules: readonly NeededApproval[];
  readonly changes: readonly KeptChange[];
  readonly expiresAtMs: number;
  readonly decidedBy?: string;
  readonly decidedAtMs?: number;
  readonly decisionReason?: string;
}

export interface ApprovalRequest {
  readonly action: string;
  readonly requestedBy: string;
  readonly reason: string;
  readonly rules: readonly NeededApproval[];
  readonly changes: readonly ProposedChange[];
}

/** @param versionOf of a record now, 0 where there is none */
export function createApproval(
  { action, requestedBy, reason, rules, changes }: ApprovalRequest,
  versionOf: (kind: AnyKind, id: string) => number,
  nowMs: number,
): Approval {
  return {
    id: newId(nowMs),
    state: 'pending',
    ...{ action, requestedBy, reason, rules },
    requestedAtMs: nowMs,
    changes: changes.map(({ kind, id, body = null, ifVersion = versionOf(kind, id) }) => ({
      ...{ kind, id, ifVersion, body },
    })),
    expiresAtMs: nowMs + APPROVAL_EXPIRES_AFTER_MS,
  };
}

/** In the order of their requests, so that lists have the newest last. */
function newId(nowMs: number): string {
  return `apr-${nowMs.toString(16).padStart(12, '0')}-${randomBytes(4).toString('hex')}`;
}

/** Whether somebody may still decide it. */
export function isOpen({ state, expiresAtMs }: Approval, nowMs: number): boolean {
  return state === 'pending' && nowMs <= expiresAtMs;
}

/** As of now: one whose time is over is expired, whether that was written down or not. */
export function approvalOf(record: ShownRecord, nowMs: number): Approval {
  const approval = record.body as unknown as Approval;
  if (approval.state !== 'pending' || isOpen(approval, nowMs)) return approval;
  return { ...approval, state: 'expired' };
}

export function asBody(approval: Approval): JsonObject {
  return approval as unknown as JsonObject;
}

/** The changes as they were proposed. */
export function changesOf({ changes }: Approval): ProposedChange[] {
  return changes.map(({ kind, id, ifVersion, body }) => ({
    ...{ kind, id, ifVersion },
    body: body ?? undefined,
  }));
}
