export { loadRegistry } from './load-registry.ts';
