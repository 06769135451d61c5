/** The registry of a large bank beside what the benchmark itself calls. */
import type { RegistryLists } from '../../src/control-plane/registry/desk-contract.ts';
import { benchKey, type KeyName } from '../rig/bench-folder.ts';
import { FULL_SCALE, scaleRegistry } from '../rig/scale-registry.ts';
import type { RegistryScale } from './registry-result.ts';

/** Of the benchmark's own apps and of those beside them. */
export const KEYS: readonly KeyName[] = ['rsa', 'es256'];

/** Apps that call under load, in turn. */
export const CALLING_APPS = 200;

/** Fewer of what there is a fixed number of, where the registry is small. */
const PER_PRODUCT = 4;

export function bankRegistry(scale: RegistryScale, upstreamPort: number): RegistryLists {
  const { apis, operations, partners, apps } = scale;
  return scaleRegistry({
    ...{ apis, operations, partners, apps, upstreamPort },
    keys: KEYS.map(name => {
      const { algorithm, verifyingText } = benchKey(name);
      return { algorithm, publicKey: verifyingText };
    }),
    upstreams: Math.min(FULL_SCALE.upstreams, apis),
    topics: Math.min(FULL_SCALE.topics, apis),
    products: Math.min(FULL_SCALE.products, Math.floor(apis / PER_PRODUCT)),
    subscriptions: apps,
  });
}
