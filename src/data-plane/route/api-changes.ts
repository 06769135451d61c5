import type { OperationEntry } from '../../core/snapshot.ts';
import type { RouteChanges } from './route-table.ts';
import type { CompiledApi } from './snapshot-index.ts';

/** What becomes of APIs' entries. One whose id, method and path stay takes the place of the old. */
export class ApiChanges implements RouteChanges {
  readonly upserts: [string, CompiledApi][] = [];
  readonly removed: OperationEntry[] = [];
  readonly added: OperationEntry[] = [];
  readonly replaced: [OperationEntry, OperationEntry][] = [];

  exchange(before: CompiledApi | undefined, after: CompiledApi | undefined): void {
    if (after !== undefined) this.upserts.push([after.api.id, after]);
    const left = new Map<string, OperationEntry>();
    for (const entry of before?.entries ?? []) left.set(placeOf(entry), entry);
    for (const entry of after?.entries ?? []) {
      const place = placeOf(entry);
      const predecessor = left.get(place);
      if (predecessor === undefined) this.added.push(entry);
      else this.replaced.push([predecessor, entry]);
      left.delete(place);
    }
    this.removed.push(...left.values());
  }

  *entries(): Generator<[string, OperationEntry]> {
    for (const entry of this.added) yield [entry.operation.id, entry];
    for (const [, entry] of this.replaced) yield [entry.operation.id, entry];
  }
}

function placeOf({ operation: { id, method, pathTemplate } }: OperationEntry): string {
  return `${id} ${method} ${pathTemplate}`;
}
