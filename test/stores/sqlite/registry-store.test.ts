import { openSqliteRegistryStore } from '../../../src/stores/sqlite/index.ts';
import { describeRegistryStore } from '../registry-store-contract.ts';
import { temporaryRegistryPath } from './temporary-registry.ts';

describeRegistryStore('sqlite', () => {
  const path = temporaryRegistryPath();
  return { open: () => openSqliteRegistryStore(path) };
});
