export { loadRegistry, throwProblems } from './load-registry.ts';
export { readRegistryFile } from './read-registry-file.ts';
export { createSecretKeyFile, SECRET_KEY_FILE, SecretSealer } from './sealer.ts';
