/** The registry as proposed changes would leave it, as far as the rules of approval look at it. */
import type { JsonObject } from '../../stores/registry-contract.ts';
import type { ProposedChange, RegistryReader } from '../registry/desk-contract.ts';
import type { RecordKind } from '../registry/kinds.ts';

const PAGE_RECORDS = 1_000;

/** Kinds that are looked for by what they name, and by which property. */
const OWNERS = { app: 'partner', key: 'app', subscription: 'app' } as const;
type OwnedKind = keyof typeof OWNERS;

/** What has not got its defaults yet is read with them. */
export class ProposedRegistry {
  private readonly registry: RegistryReader;
  private readonly changes = new Map<string, ProposedChange>();
  /** Proposed records by kind and owner. */
  private readonly owned = new Map<string, ProposedChange[]>();

  constructor(registry: RegistryReader, changes: readonly ProposedChange[]) {
    this.registry = registry;
    for (const change of changes) {
      const { kind, id, body } = change;
      this.changes.set(`${kind}/${id}`, change);
      if (body === undefined || !Object.hasOwn(OWNERS, kind)) continue;
      const owner = `${kind}/${String(body[OWNERS[kind as OwnedKind]])}`;
      const list = this.owned.get(owner);
      if (list === undefined) this.owned.set(owner, [change]);
      else list.push(change);
    }
  }

  get(kind: RecordKind, id: string): JsonObject | undefined {
    const change = this.changes.get(`${kind}/${id}`);
    return change === undefined ? this.registry.get(kind, id)?.body : change.body;
  }

  *appsOf(partner: string): Iterable<string> {
    for (const { id } of this.ownedBy('app', partner)) yield id;
  }

  isProduction(app: string): boolean {
    const body = this.get('app', app);
    return body !== undefined && (body.environment ?? 'production') === 'production';
  }

  hasUsableKey(app: string): boolean {
    for (const { body } of this.ownedBy('key', app)) if (body.revoked !== true) return true;
    return false;
  }

  /** Whether a subscription of the app has a plan with that rule. */
  isUnder(app: string, rule: string): boolean {
    for (const { body } of this.ownedBy('subscription', app)) {
      if (this.comesUnder(body, rule)) return true;
    }
    return false;
  }

  /** Whether a subscription that has not ended has a plan with that rule. */
  comesUnder({ plan, status }: JsonObject, rule: string): boolean {
    if (status === 'ended' || typeof plan !== 'string') return false;
    return asksFor(this.get('plan', plan), rule);
  }

  /** Whether a subscription that has not ended names the plan. */
  isInUse(plan: string): boolean {
    for (const { body } of this.recordsWith('subscription', { plan })) {
      if (body.status !== 'ended') return true;
    }
    return false;
  }

  private *ownedBy(kind: OwnedKind, owner: string): Iterable<{ id: string; body: JsonObject }> {
    yield* this.recordsWith(kind, { [OWNERS[kind]]: owner });
    for (const { id, body } of this.owned.get(`${kind}/${owner}`) ?? []) yield { id, body: body! };
  }

  /** Those that no change is proposed to. */
  private *recordsWith(
    kind: OwnedKind,
    where: Readonly<Record<string, string>>,
  ): Iterable<{ id: string; body: JsonObject }> {
    let after: string | undefined;
    do {
      const page = this.registry.list({
        ...{ kind, where, limit: PAGE_RECORDS },
        ...(after !== undefined && { after }),
      });
      for (const { id, body } of page.records) {
        if (!this.changes.has(`${kind}/${id}`)) yield { id, body };
      }
      after = page.next;
    } while (after !== undefined);
  }
}

export function asksFor(plan: JsonObject | undefined, rule: string): boolean {
  const approvals = plan?.approvals;
  return Array.isArray(approvals) && approvals.includes(rule);
}
