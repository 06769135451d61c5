export { loadRegistry } from './load-registry.ts';
export { readRegistryFile } from './read-registry-file.ts';
