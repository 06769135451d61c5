/** Which changes a second person must approve, because a plan of the app concerned says so. */
import type { JsonObject, JsonValue } from '../../stores/registry-contract.ts';
import type { ProposedChange, RegistryReader } from '../registry/desk-contract.ts';
import { isEqualJson } from '../registry/json-values.ts';
import type { AnyKind } from '../registry/kinds.ts';
import type { Pace } from '../registry/pace.ts';
import { asksFor, ProposedRegistry } from './proposed-registry.ts';

/** As plans name them. */
const APPROVAL_RULES = ['production-credentials', 'partner-closure'] as const;
export type ApprovalRule = (typeof APPROVAL_RULES)[number];

export interface NeededApproval {
  readonly rule: ApprovalRule;
  readonly kind: AnyKind;
  readonly id: string;
}

/** Those of the changes that need one. Apps count as they are, and as changes would leave them. */
export function neededApprovals(
  registry: RegistryReader,
  changes: readonly ProposedChange[],
): NeededApproval[] {
  const judge = ApprovalJudge.of(registry, changes);
  return changes.flatMap(change => judge.needOf(change) ?? []);
}

/** The same for a whole registry, where 200,000 changes take a second: in slices. */
export async function neededByMany(
  registry: RegistryReader,
  changes: readonly ProposedChange[],
  pace: Pace,
): Promise<NeededApproval[]> {
  const judge = ApprovalJudge.of(registry, changes);
  const needed: NeededApproval[] = [];
  for (const change of changes) {
    const need = judge.needOf(change);
    if (need !== undefined) needed.push(need);
    if (pace.isOver()) await pace.rest();
  }
  return needed;
}

class ApprovalJudge {
  private readonly now: ProposedRegistry;
  private readonly next: ProposedRegistry;

  private constructor(now: ProposedRegistry, next: ProposedRegistry) {
    this.now = now;
    this.next = next;
  }

  static of(registry: RegistryReader, changes: readonly ProposedChange[]): ApprovalJudge {
    return new ApprovalJudge(
      new ProposedRegistry(registry, []),
      new ProposedRegistry(registry, changes),
    );
  }

  needOf(change: ProposedChange): NeededApproval | undefined {
    const rule = this.ruleFor(change);
    return rule && { rule, kind: change.kind, id: change.id };
  }

  private ruleFor({ kind, id, body }: ProposedChange): ApprovalRule | undefined {
    switch (kind) {
      case 'key':
        return this.ruleForKey(id, body);
      case 'app':
        return this.ruleForApp(id, body);
      case 'subscription':
        return this.ruleForSubscription(id, body);
      case 'partner':
        return this.ruleForPartner(id, body);
      case 'plan':
        return this.ruleForPlan(id, body);
      default:
        return undefined;
    }
  }

  /**
   * Revoking is an emergency and never waits; whatever else leaves a key usable may. One that is
   * given as it is shown stays what it is: at most its secret is sealed anew.
   */
  private ruleForKey(id: string, key: JsonObject | undefined): ApprovalRule | undefined {
    if (key === undefined || key.revoked === true) return undefined;
    if (isEqualJson(key, this.now.get('key', id))) return undefined;
    const app = textOf(key.app);
    if (!this.next.isProduction(app)) return undefined;
    return this.isUnder(app, 'production-credentials') ? 'production-credentials' : undefined;
  }

  /** A sandbox app that goes into production takes its keys along. */
  private ruleForApp(id: string, app: JsonObject | undefined): ApprovalRule | undefined {
    const before = this.now.get('app', id);
    if (app === undefined || before === undefined || this.now.isProduction(id)) return undefined;
    if (!this.next.isProduction(id) || !this.next.hasUsableKey(id)) return undefined;
    return this.isUnder(id, 'production-credentials') ? 'production-credentials' : undefined;
  }

  /** Keys that were made before the app came under such a plan become its credentials. */
  private ruleForSubscription(
    id: string,
    subscription: JsonObject | undefined,
  ): ApprovalRule | undefined {
    if (subscription === undefined) return undefined;
    const app = textOf(subscription.app);
    const rule = 'production-credentials';
    const before = this.now.get('subscription', id);
    if (before !== undefined && this.now.comesUnder(before, rule)) return undefined;
    const isNew = this.next.comesUnder(subscription, rule) && !this.now.isUnder(app, rule);
    return isNew && this.next.isProduction(app) && this.next.hasUsableKey(app) ? rule : undefined;
  }

  private ruleForPartner(id: string, partner: JsonObject | undefined): ApprovalRule | undefined {
    const before = this.now.get('partner', id);
    const isClosing = partner === undefined || partner.status === 'closed';
    if (!isClosing || before === undefined || before.status === 'closed') return undefined;
    const apps = new Set([...this.now.appsOf(id), ...this.next.appsOf(id)]);
    const rule = 'partner-closure';
    for (const app of apps) if (this.isUnder(app, rule)) return rule;
    return undefined;
  }

  /** Whoever takes a rule out of a plan takes it from all who subscribe under it. */
  private ruleForPlan(id: string, plan: JsonObject | undefined): ApprovalRule | undefined {
    const before = this.now.get('plan', id);
    return APPROVAL_RULES.find(
      rule => asksFor(before, rule) && !asksFor(plan, rule) && this.now.isInUse(id),
    );
  }

  private isUnder(app: string, rule: ApprovalRule): boolean {
    return this.now.isUnder(app, rule) || this.next.isUnder(app, rule);
  }
}

function textOf(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : '';
}
