import { createMemoryRegistryStore } from '../../../src/stores/memory/registry-store.ts';
import { describeRegistryStore } from '../registry-store-contract.ts';

describeRegistryStore('memory', () => ({ open: async () => createMemoryRegistryStore() }));
