/** Checks a registry file as the desk would apply it, and makes the snapshot of it alone. */
import { systemClock } from '../../core/clock.ts';
import type { RegistrySnapshot } from '../../core/snapshot.ts';
import { type RegistryStore, RegistryStoreError } from '../../stores/registry-contract.ts';
import { ProblemList } from '../config/config-error.ts';
import { RegistryDesk } from './desk.ts';
import type { ChangeRefusal } from './desk-contract.ts';
import type { RecordKind } from './kinds.ts';
import { type RegistryFile, readRegistryFile } from './read-registry-file.ts';
import { SecretSealer } from './sealer.ts';

/**
 * Blocks while it reads the file, and lets others run between slices of what follows.
 *
 * @param version the number under which the snapshot is published
 * @param sealer what opens the sealed secrets in it; without one there can be none
 * @throws ConfigError with every problem that reading it sees, or else every one that applying sees
 */
export async function loadRegistry(
  file: string,
  version: number,
  sealer: SecretSealer = SecretSealer.create(),
): Promise<RegistrySnapshot> {
  const read = readRegistryFile(file);
  const desk = await RegistryDesk.open({
    store: forgetfulStore(version - 1),
    sealer,
    clock: systemClock,
    publish: () => {},
    served: async () => true,
    report: () => {},
  });
  try {
    const trace = { actor: 'system:check', reason: '' };
    const result = await desk.apply({ ...trace, lists: read.lists, prune: false, dryRun: false });
    if ('refusals' in result) throwProblems(result.refusals, read);
    // Nothing was committed where the file is empty.
    return { ...desk.snapshot(), version };
  } finally {
    await desk.close();
  }
}

/** @throws ConfigError with each refusal at the place in the file that it is about */
export function throwProblems(
  refusals: readonly ChangeRefusal[],
  file: Pick<RegistryFile, 'placeOf'>,
): never {
  const problems = new ProblemList();
  for (const { kind, id, pointer, message } of refusals) {
    // Records of processes are in no file.
    problems.add({ ...file.placeOf(kind as RecordKind | undefined, id, pointer), message });
  }
  problems.throwIfAny();
  throw new Error('A refusal without a reason.');
}

/** Takes one commit and keeps nothing: what the desk holds in memory is all that is wanted. */
function forgetfulStore(revision: number): RegistryStore {
  const auditHead = { sequence: 0, hash: '0'.repeat(64) };
  const nothing = async () => ({ revision, records: [], auditHead });
  return {
    driver: 'memory',
    load: nothing,
    changesAfter: nothing,
    commit: async ({ changes, atMs, onRevision }) => {
      if (onRevision !== revision) throw new RegistryStoreError('stale', 'It takes one commit.');
      const stamp = { version: 1, revision: revision + 1, createdAtMs: atMs, updatedAtMs: atMs };
      return {
        revision: revision + 1,
        records: changes.map(change => ({ ...change, ...stamp })),
        auditHead,
      };
    },
    document: async () => undefined,
    auditAfter: async () => [],
    auditHead: async () => auditHead,
    watch: () => {},
    close: async () => {},
  };
}
