/** Loads `registry.yaml` and everything that it names into one immutable snapshot. */
import { dirname, resolve } from 'node:path';
import type { KeyRecord, RegistrySnapshot, UpstreamRecord } from '../../core/snapshot.ts';
import { ProblemList } from '../config/config-error.ts';
import { createSchemaCheck } from '../config/schema-check.ts';
import { YamlSource } from '../config/yaml-source.ts';
import { checkReferences } from './check-references.ts';
import { loadApis } from './load-apis.ts';
import { loadKey } from './load-keys.ts';
import { loadUpstream } from './load-upstreams.ts';
import { type Registry, RegistrySchema } from './schema.ts';

const REGISTRY_FILE_MAX_BYTES = 268_435_456;

const checkSchema = createSchemaCheck(RegistrySchema);

/**
 * Reads and checks a registry. Relative paths in it start at its folder. Blocks while it reads:
 * call it on the main thread only.
 *
 * @param version the number under which the snapshot is published
 * @throws ConfigError with every problem that the schema sees, or else every one that the checks
 *   of references, keys, operations and upstreams see
 */
export function loadRegistry(file: string, version: number): RegistrySnapshot {
  const path = resolve(file);
  const source = YamlSource.read(path, REGISTRY_FILE_MAX_BYTES);
  const problems = new ProblemList();
  const registry = checkSchema(source, problems);
  const snapshot =
    registry && buildSnapshot(registry, version, { source, folder: dirname(path), problems });
  problems.throwIfAny();
  return snapshot!;
}

interface Loading {
  readonly source: YamlSource;
  readonly folder: string;
  readonly problems: ProblemList;
}

function buildSnapshot(registry: Registry, version: number, loading: Loading): RegistrySnapshot {
  const { source, folder, problems } = loading;
  checkReferences(registry, source, problems);
  const apisOfProduct = new Map(registry.products.map(product => [product.id, product.apis]));
  return {
    version,
    partners: registry.partners.map(({ id, name, class: partnerClass, status }) => ({
      id,
      name,
      class: partnerClass,
      active: status === 'active',
    })),
    apps: registry.apps.map(({ id, partner, status }) => ({
      id,
      partnerId: partner,
      active: status === 'active',
    })),
    keys: loadKeys(registry, loading),
    plans: registry.plans.map(({ id }) => ({ id })),
    apis: loadApis(registry, source, folder, problems),
    subscriptions: registry.subscriptions
      .filter(({ status }) => status === 'active')
      .map(({ app, plan, product, scopes }) => ({
        appId: app,
        planId: plan,
        apiIds: apisOfProduct.get(product) ?? [],
        scopes,
      })),
    upstreams: loadUpstreams(registry, loading),
    topics: registry.topics.map(({ id, api, scopes, audience }) => ({
      id,
      apiId: api,
      scopes,
      audience,
    })),
  };
}

function loadKeys(registry: Registry, { source, folder, problems }: Loading): KeyRecord[] {
  return registry.keys.flatMap((key, index) => {
    const record = loadKey(key, folder, (option, message) => {
      const at = option === '' ? ['keys', index] : ['keys', index, option];
      problems.add(source.problem(at, message));
    });
    return record ?? [];
  });
}

function loadUpstreams(
  registry: Registry,
  { source, folder, problems }: Loading,
): UpstreamRecord[] {
  return registry.upstreams.flatMap((upstream, index) => {
    const record = loadUpstream(upstream, folder, (option, message) => {
      problems.add(source.problem(['upstreams', index, ...option], message));
    });
    return record ?? [];
  });
}
