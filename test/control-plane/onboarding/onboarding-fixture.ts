/** A registry with a partner on its way in, and routes on it as the admin listener gives them. */
import { type FastifyInstance, fastify } from 'fastify';
import type { ControlContext, Proposal } from '../../../src/control-plane/admin/control-context.ts';
import { RegistryDesk } from '../../../src/control-plane/registry/desk.ts';
import type { ProposedChange } from '../../../src/control-plane/registry/desk-contract.ts';
import type { PartnerStatus } from '../../../src/control-plane/registry/schema.ts';
import { SecretSealer } from '../../../src/control-plane/registry/sealer.ts';
import { createMemoryRegistryStore } from '../../../src/stores/memory/registry-store.ts';
import type { JsonObject, RegistryStore } from '../../../src/stores/registry-contract.ts';
import { SettableClock } from '../../stores/settable-clock.ts';
import { PUBLIC_KEY } from '../registry/desk-fixture.ts';

export const PARTNER_ID = 'orbit';
export const APP_ID = 'orbit-app';

const CONTACTS = [
  { name: 'Tech', role: 'technical', email: 'tech@orbit.example' },
  { name: 'Security', role: 'security', email: 'security@orbit.example' },
];

export class Registry {
  readonly desk: RegistryDesk;
  readonly clock: SettableClock;

  private constructor(desk: RegistryDesk, clock: SettableClock) {
    this.desk = desk;
    this.clock = clock;
  }

  static async open(
    store: RegistryStore = createMemoryRegistryStore(),
    clock = new SettableClock(),
  ): Promise<Registry> {
    const desk = await RegistryDesk.open({
      store,
      sealer: SecretSealer.create(),
      clock,
      publish: () => undefined,
      served: async () => true,
      report: () => undefined,
    });
    return new Registry(desk, clock);
  }

  /** With an API on the shelf, and a partner in that state with both contacts. */
  static async withPartner(status: PartnerStatus): Promise<Registry> {
    const registry = await Registry.open();
    await registry.put('upstream', { id: 'core', url: 'http://127.0.0.1:1' });
    await registry.put('api', {
      id: 'echo',
      name: 'Echo',
      basePath: '/echo',
      upstream: 'core',
      operations: [{ id: 'get', method: 'GET', path: '/' }],
    });
    await registry.put('product', { id: 'try-out', name: 'Try out', apis: ['echo'] });
    await registry.put('plan', { id: 'free', name: 'Free' });
    await registry.putPartner(status);
    return registry;
  }

  putPartner(status: PartnerStatus, contacts: readonly JsonObject[] = CONTACTS): Promise<void> {
    const partner = { id: PARTNER_ID, name: 'Orbit', class: 'internet-platform', status };
    return this.put('partner', { ...partner, contacts });
  }

  putApp(overrides: JsonObject = {}): Promise<void> {
    const app = { id: APP_ID, partner: PARTNER_ID, environment: 'sandbox' };
    return this.put('app', { ...app, ...overrides });
  }

  putKey(overrides: JsonObject = {}): Promise<void> {
    const key = { id: 'orbit-key', app: APP_ID, algorithm: 'ed25519', publicKey: PUBLIC_KEY };
    return this.put('key', { ...key, ...overrides });
  }

  putSubscription(overrides: JsonObject = {}): Promise<void> {
    const subscription = { app: APP_ID, product: 'try-out', plan: 'free', ...overrides };
    return this.put('subscription', subscription, `${subscription.app}.try-out`);
  }

  async put(kind: ProposedChange['kind'], body: JsonObject, id = body.id as string): Promise<void> {
    const result = await this.desk.change({
      actor: 'operator:ann',
      action: `${kind}.put`,
      reason: 'a test',
      changes: [{ kind, id, body }],
    });
    if ('refusals' in result) throw new Error(JSON.stringify(result.refusals));
  }

  status(): string {
    return this.desk.get('partner', PARTNER_ID)!.body.status as string;
  }
}

export interface Routes {
  readonly app: FastifyInstance;
  /** What was proposed, in order. */
  readonly proposed: { readonly action: string; readonly reason: string }[];
  /** Where it is set, changes wait for a second person under this id. */
  approvalId: string | undefined;
  /** What is committed between the next plan and its turn; once. */
  meanwhile: (() => Promise<void>) | undefined;
}

/** The listener's part in small: refusals as JSON, every call by `ann`. */
export function routesOn(
  { desk, clock }: Registry,
  add: (app: FastifyInstance, context: ControlContext) => void,
): Routes {
  const app = fastify({ ajv: { customOptions: { keywords: ['form'] } } });
  const routes: Routes = { app, proposed: [], approvalId: undefined, meanwhile: undefined };
  add(app, {
    registry: desk,
    clock,
    principalOf: () => ({ id: 'ann', roles: ['partner-manager'] }),
    propose: async (principal, change): Promise<Proposal> => {
      routes.proposed.push({ action: change.action, reason: change.reason });
      const { approvalId, meanwhile } = routes;
      routes.meanwhile = undefined;
      await meanwhile?.();
      if (approvalId !== undefined) return { approvalId };
      return desk.change({ actor: `operator:${principal.id}`, ...change });
    },
    sendRefusals: (reply, refusals) =>
      reply.code(refusals[0]!.code === 'missing' ? 404 : 409).send({ errors: refusals }),
  });
  return routes;
}
