import { expect, it } from 'vitest';
import type { ChangedIds } from '../../../src/control-plane/registry/desk-contract.ts';
import { createMemoryRegistryStore } from '../../../src/stores/memory/registry-store.ts';
import { Registry } from '../onboarding/onboarding-fixture.ts';

const namesOf = (changed: ChangedIds) =>
  [...changed].flatMap(([kind, ids]) => [...ids.keys()].map(id => `${kind}/${id}`));

it('a watcher hears of each commit once, of this host and of another, until it goes', async () => {
  const store = createMemoryRegistryStore();
  const registry = await Registry.open(store);
  const other = await Registry.open(store, registry.clock);
  const heard: string[][] = [];
  const end = registry.desk.watch(changed => heard.push(namesOf(changed)));
  await registry.putPartner('applied');
  await registry.putPartner('applied');
  await other.put('plan', { id: 'free', name: 'Free' });
  await registry.putApp();
  end();
  await registry.putPartner('sandbox');
  expect(heard).toEqual([['partner/orbit'], ['plan/free'], ['app/orbit-app']]);
});
