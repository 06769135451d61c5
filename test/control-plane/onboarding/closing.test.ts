import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ApprovalDesk } from '../../../src/control-plane/approvals/approval-desk.ts';
import {
  CLOSING_CHANGES_MAX,
  ClosingWatch,
  completeClosing,
} from '../../../src/control-plane/onboarding/closing.ts';
import { planStep } from '../../../src/control-plane/onboarding/onboarding.ts';
import type { ProposedChange } from '../../../src/control-plane/registry/desk-contract.ts';
import { createMemoryRegistryStore } from '../../../src/stores/memory/registry-store.ts';
import type { RegistryStore } from '../../../src/stores/registry-contract.ts';
import { APP_ID, PARTNER_ID, Registry } from './onboarding-fixture.ts';

const STEP = { to: 'closed', by: 'operator:ann', reason: 'left us' } as const;

let registry: Registry;
let watch: ClosingWatch;
const failures: string[] = [];

function watchOn({ desk }: Registry): ClosingWatch {
  const reportFailure = (_partner: string, reason: string) => failures.push(reason);
  return new ClosingWatch({ registry: desk, reportFailure });
}

function closure(): readonly ProposedChange[] {
  const planned = planStep(registry.desk, PARTNER_ID, {
    ...STEP,
    nowMs: registry.clock.wallMs(),
  });
  if ('refusals' in planned) throw new Error(JSON.stringify(planned.refusals));
  return planned.changes;
}

async function close(): Promise<void> {
  const trace = { actor: 'operator:ann', action: 'partner.transition', reason: STEP.reason };
  const result = await registry.desk.change({ ...trace, changes: closure() });
  if ('refusals' in result) throw new Error(JSON.stringify(result.refusals));
}

/** What the partner still has. */
function left({ desk }: Registry = registry): string[] {
  const keys = desk.list({ kind: 'key', limit: 1_000 }).records;
  const subscriptions = desk.list({ kind: 'subscription', limit: 1_000 }).records;
  return [
    ...keys.filter(({ body }) => body.revoked !== true),
    ...subscriptions.filter(({ body }) => body.status !== 'ended'),
  ].map(({ id }) => id);
}

beforeEach(async () => {
  failures.length = 0;
  registry = await Registry.withPartner('production');
  await registry.putApp();
  await registry.putApp({ id: 'orbit-live', environment: 'production' });
  await registry.putKey();
  await registry.putKey({ id: 'orbit-live-key', app: 'orbit-live' });
  await registry.putSubscription();
  await registry.putSubscription({ app: 'orbit-live', status: 'suspended' });
  watch = watchOn(registry);
});

afterEach(() => watch.close());

describe('a partner that is closed', () => {
  it('has its subscriptions ended and its keys revoked, and the log says by whom', async () => {
    watch.start();
    await close();
    await watch.idle();
    expect(left()).toEqual([]);
    const { sequence } = await registry.desk.auditHead();
    const [entry] = await registry.desk.auditAfter(sequence - 1, 1);
    expect(entry).toMatchObject({
      ...{ actor: 'system:onboarding', action: 'partner.close', reason: 'left us' },
      subject: `partner/${PARTNER_ID}`,
    });
    expect(entry!.changes).toHaveLength(4);
    expect(failures).toEqual([]);
  });

  it('loses what was made while its closing waited for a second person', async () => {
    watch.start();
    await registry.put('plan', { id: 'free', name: 'Free', approvals: ['partner-closure'] });
    const approvals = new ApprovalDesk(registry.desk, registry.clock);
    const changes = closure();
    const [ann, ben] = ['ann', 'ben'].map(id => ({ id, roles: ['operator'] as const }));
    const kept = await approvals.propose(ann!, { ...STEP, action: 'partner.transition', changes });
    if (!('approval' in kept)) throw new Error(JSON.stringify(kept));
    await registry.putKey({ id: 'late-key' });
    await registry.putKey({ revoked: true });
    await approvals.approve(ben!, kept.approval.id, 'agreed');
    expect(registry.status()).toBe('closed');
    await watch.idle();
    expect(left()).toEqual([]);
  });

  it('loses at the next start what was left, and on any host', async () => {
    const store: RegistryStore = createMemoryRegistryStore();
    registry = await Registry.open(store);
    await registry.putPartner('sandbox');
    await registry.putApp();
    await registry.putKey();
    await close();
    expect(left()).toEqual(['orbit-key']);
    const restarted = await Registry.open(store, registry.clock);
    watch = watchOn(restarted);
    watch.start();
    await watch.idle();
    expect(left(restarted)).toEqual([]);
  });

  it('loses more than fits into one commit, one after the other', async () => {
    await close();
    const keys = Array.from({ length: CLOSING_CHANGES_MAX + 1 }, (_, index) => {
      const key = registry.desk.get('key', 'orbit-key')!;
      const id = `key-${index}`;
      return { kind: 'key', id, body: { ...key.body, id } } as const;
    });
    const trace = { actor: 'operator:ann', action: 'key.create', reason: '' };
    await registry.desk.change({ ...trace, changes: keys });
    const { revision } = registry.desk;
    await completeClosing(registry.desk, PARTNER_ID);
    expect(registry.desk.revision).toBe(revision + 2);
    expect(left()).toEqual([]);
  }, 30_000);

  it('keeps what it has where its record alone says so, which may be taken back', async () => {
    watch.start();
    await registry.putPartner('closed');
    await watch.idle();
    expect(left()).toHaveLength(4);
    await registry.putPartner('production');
    expect(registry.status()).toBe('production');
  });
});

it('only what is the partner’s is closed with it', async () => {
  await registry.put('partner', { id: 'nova', name: 'Nova', class: 'data-provider' });
  await registry.putApp({ id: 'nova-app', partner: 'nova' });
  await registry.putKey({ id: 'nova-key', app: 'nova-app' });
  await close();
  await completeClosing(registry.desk, PARTNER_ID);
  expect(left()).toEqual(['nova-key']);
  expect(registry.desk.get('app', APP_ID)!.body.status).toBe('active');
});
