/** What one app may do, worked out from its subscriptions when it is asked first. */
import type { Grant, RecordLookup, SubscriptionRecord } from '../../core/snapshot.ts';

/** The ids of the APIs that belong to a product. */
export type ProductApis = ReadonlySet<string>;

export class AppGrants {
  readonly subscriptions: readonly SubscriptionRecord[];
  /** The products for which `byApi` holds: another table may have other APIs in them. */
  private products: RecordLookup<ProductApis> | undefined = undefined;
  /** By API id, made on first use: 40,000 maps at once are garbage collections of 60 ms. */
  private byApi: Map<string, Grant> | undefined = undefined;
  /** By subscription, for APIs that no other one covers; they share it. */
  private alone: (Grant | undefined)[] | undefined = undefined;

  /** All approved subscriptions of the app, in the registry's order. */
  constructor(subscriptions: readonly SubscriptionRecord[]) {
    this.subscriptions = subscriptions;
  }

  grant(apiId: string, products: RecordLookup<ProductApis>): Grant | undefined {
    if (this.products !== products) {
      this.products = products;
      this.byApi = undefined;
    }
    const known = this.byApi?.get(apiId);
    if (known !== undefined) return known;
    const merged = this.merge(apiId, products);
    if (merged === undefined) return undefined;
    // Refusals are not kept, so the memory is bounded by the pairs that are subscribed.
    this.byApi ??= new Map();
    this.byApi.set(apiId, merged);
    return merged;
  }

  /** The union of the scopes, under the plan of the first subscription in the registry's order. */
  private merge(apiId: string, products: RecordLookup<ProductApis>): Grant | undefined {
    const { subscriptions } = this;
    let first = -1;
    let scopes: Set<string> | undefined;
    for (const [index, subscription] of subscriptions.entries()) {
      if (products.get(subscription.productId)?.has(apiId) !== true) continue;
      if (first < 0) {
        first = index;
        continue;
      }
      scopes ??= new Set(subscriptions[first]!.scopes);
      for (const scope of subscription.scopes) scopes.add(scope);
    }
    if (first < 0) return undefined;
    if (scopes === undefined) return this.grantAlone(first);
    return { planId: subscriptions[first]!.planId, scopes };
  }

  private grantAlone(index: number): Grant {
    this.alone ??= [];
    const { planId, scopes } = this.subscriptions[index]!;
    this.alone[index] ??= { planId, scopes: new Set(scopes) };
    return this.alone[index];
  }
}
