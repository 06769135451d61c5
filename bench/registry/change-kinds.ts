/** Changes of the records that nobody calls, of several kinds in turn, each of them a real one. */
import type { RegistryLists } from '../../src/control-plane/registry/desk-contract.ts';
import type { JsonObject, JsonValue } from '../../src/stores/registry-contract.ts';
import type { AdminChange } from './admin-door.ts';
import { KEYS } from './bank.ts';
import { CHANGE_NAMES, type ChangeName } from './change-names.ts';

export interface NamedChange {
  readonly name: ChangeName;
  readonly change: AdminChange;
}

const CONNECTIONS_MAX_LEAST = 32;
/** Up to the default, which is none of them. */
const CONNECTIONS_MAX_STEPS = 32;

export class ChangeSource {
  private readonly bank: RegistryLists;
  /** Lists as the changes so far have made them, by the id of what they are in. */
  private readonly operations = new Map<string, readonly JsonValue[]>();
  private readonly apisOfProducts = new Map<string, readonly string[]>();
  private made = 0;

  constructor(bank: RegistryLists) {
    this.bank = bank;
  }

  /** Never twice the same; of keys and subscriptions there is one for each app. */
  next(): NamedChange {
    const name = CHANGE_NAMES[this.made % CHANGE_NAMES.length]!;
    const turn = Math.floor(this.made / CHANGE_NAMES.length);
    this.made += 1;
    return { name, change: this.changeOf(name, turn) };
  }

  private changeOf(name: ChangeName, turn: number): AdminChange {
    switch (name) {
      case 'key-revoked':
        return { method: 'POST', path: `/v1/keys/${this.id('keys', turn * KEYS.length)}/revoke` };
      case 'partner-suspended-or-back':
        return this.switchPartner(turn);
      case 'operation-added':
        return this.addOperation(turn);
      case 'product-changed':
        return this.changeProduct(turn);
      case 'upstream-limited':
        return this.limitUpstream(turn);
      case 'subscription-added':
        return this.addSubscription(turn);
    }
  }

  private switchPartner(turn: number): AdminChange {
    const partner = this.id('partners', Math.floor(turn / 2));
    const status = turn % 2 === 0 ? 'suspended' : 'production';
    return { method: 'PATCH', path: `/v1/partners/${partner}`, body: { status } };
  }

  private addOperation(turn: number): AdminChange {
    const api = this.record('apis', turn);
    const id = api.id as string;
    const before = this.operations.get(id) ?? (api.operations as JsonValue[]);
    const added = { id: `added-${turn}`, method: 'GET', path: `/added-${turn}`, scopes: ['read'] };
    const operations = [...before, added];
    this.operations.set(id, operations);
    return { method: 'PATCH', path: `/v1/apis/${id}`, body: { operations } };
  }

  /** One API more; where it has them all, it is left with one. */
  private changeProduct(turn: number): AdminChange {
    const product = this.record('products', turn);
    const id = product.id as string;
    const before = this.apisOfProducts.get(id) ?? (product.apis as string[]);
    const other = this.bank.apis!.find(api => !before.includes(api.id as string));
    const apis = other === undefined ? before.slice(0, 1) : [...before, other.id as string];
    this.apisOfProducts.set(id, apis);
    return { method: 'PATCH', path: `/v1/products/${id}`, body: { apis } };
  }

  private limitUpstream(turn: number): AdminChange {
    const upstream = this.id('upstreams', turn);
    const round = Math.floor(turn / this.bank.upstreams!.length);
    const connectionsMax = CONNECTIONS_MAX_LEAST + (round % CONNECTIONS_MAX_STEPS);
    return { method: 'PATCH', path: `/v1/upstreams/${upstream}`, body: { connectionsMax } };
  }

  /** Of the product after the one that the app has. */
  private addSubscription(turn: number): AdminChange {
    const app = this.id('apps', turn);
    const product = this.id('products', turn + 1);
    const plan = this.id('plans', 0);
    const path = `/v1/subscriptions/${app}.${product}`;
    const body = { app, product, plan, scopes: ['read'] };
    return { method: 'PUT', path, body, creates: true };
  }

  private id(list: keyof RegistryLists, index: number): string {
    return this.record(list, index).id as string;
  }

  /** The lists are gone through again and again. */
  private record(list: keyof RegistryLists, index: number): JsonObject {
    const records = this.bank[list]!;
    return records[index % records.length]!;
  }
}
