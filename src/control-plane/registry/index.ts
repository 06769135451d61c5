export type { ClientEntry } from './client-entry.ts';
export { RegistryDesk } from './desk.ts';
export { loadRegistry, throwProblems } from './load-registry.ts';
export { type RegistryFile, readRegistryFile } from './read-registry-file.ts';
export type { LedgerReport } from './registry-ledger.ts';
export { registryYaml } from './registry-yaml.ts';
export { createSecretKeyFile, SECRET_KEY_FILE, SecretSealer } from './sealer.ts';
