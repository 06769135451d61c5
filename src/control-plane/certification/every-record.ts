import type { RegistryReader, ShownRecord } from '../registry/desk-contract.ts';
import type { AnyKind } from '../registry/kinds.ts';

const PAGE_RECORDS = 1_000;

/** All records of a kind with these properties, a page at a time. */
export function* everyRecord(
  registry: RegistryReader,
  kind: AnyKind,
  where: Readonly<Record<string, string>>,
): Generator<ShownRecord, void> {
  let after: string | undefined;
  do {
    const from = after === undefined ? {} : { after };
    const page = registry.list({ kind, where, limit: PAGE_RECORDS, ...from });
    yield* page.records;
    after = page.next;
  } while (after !== undefined);
}
