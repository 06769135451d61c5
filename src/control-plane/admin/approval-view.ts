import type { JsonObject } from '../../stores/registry-contract.ts';
import { approvalOf } from '../approvals/approval-record.ts';
import type { ShownRecord } from '../registry/desk-contract.ts';

/** An approval as it is shown: as of now, its instants as text. */
export function viewApproval(record: ShownRecord, nowMs: number): JsonObject {
  const approval = approvalOf(record, nowMs);
  const { id, state, action, requestedBy, requestedAtMs, reason, rules, changes } = approval;
  const { expiresAtMs, decidedBy, decidedAtMs, decisionReason } = approval;
  const shown = {
    ...{ id, state, action, requestedBy, reason, rules, changes },
    requestedAt: new Date(requestedAtMs).toISOString(),
    expiresAt: new Date(expiresAtMs).toISOString(),
    ...(decidedBy !== undefined && { decidedBy }),
    ...(decidedAtMs !== undefined && { decidedAt: new Date(decidedAtMs).toISOString() }),
    ...(decisionReason !== undefined && { decisionReason }),
  };
  return shown as unknown as JsonObject;
}
