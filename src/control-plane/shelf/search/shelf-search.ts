/**
 * The search as of the registry's revision: before a question is answered, records that have
 * another version than when they were taken in are taken in anew, a slice at a time.
 */
import { setImmediate } from 'node:timers/promises';
import type { JsonObject } from '../../../stores/registry-contract.ts';
import type { RegistryReader, ShownRecord } from '../../registry/desk-contract.ts';
import { isObject } from '../json-object.ts';
import { type SearchAnswer, type SearchEntry, SearchIndex } from './search-index.ts';

const KINDS = ['product', 'api'] as const;
/** Of one page that is looked through; a millisecond where none of them is new. */
const PAGE_RECORDS = 500;
/** New ones between two pauses, which take about 4 ms; an API has one for each operation too. */
const SLICE_ENTRIES = 125;

interface Taken {
  readonly version: number;
  readonly revision: number;
  readonly entries: readonly number[];
}

export class ShelfSearch {
  private readonly registry: Pick<RegistryReader, 'revision' | 'list'>;
  private index = new SearchIndex();
  private taken = new Map<string, Taken>();
  private revision = -1;
  private refreshing: Promise<void> | undefined;
  /** Entries until the next pause. */
  private left = SLICE_ENTRIES;

  constructor(registry: Pick<RegistryReader, 'revision' | 'list'>) {
    this.registry = registry;
  }

  async search(question: string, limit: number): Promise<SearchAnswer> {
    if (this.revision !== this.registry.revision) {
      this.refreshing ??= this.refresh().finally(() => {
        this.refreshing = undefined;
      });
      await this.refreshing;
    }
    return this.index.search(question, limit);
  }

  private async refresh(): Promise<void> {
    const { revision } = this.registry;
    if (this.index.isWorn) {
      this.index = new SearchIndex();
      this.taken = new Map();
    }
    const gone = new Set(this.taken.keys());
    for (const kind of KINDS) {
      let after: string | undefined;
      do {
        const page = this.registry.list({
          kind,
          limit: PAGE_RECORDS,
          ...(after === undefined ? {} : { after }),
        });
        await this.takeAll(page.records, gone);
        after = page.next;
        await setImmediate();
      } while (after !== undefined);
    }
    for (const key of gone) this.drop(key);
    // What changed meanwhile is seen with the next question.
    this.revision = revision;
  }

  private async takeAll(records: readonly ShownRecord[], gone: Set<string>): Promise<void> {
    for (const record of records) {
      const key = `${record.kind}/${record.id}`;
      gone.delete(key);
      const held = this.taken.get(key);
      if (held?.version === record.version && held.revision === record.revision) continue;
      await this.take(key, record);
    }
  }

  private async take(key: string, record: ShownRecord): Promise<void> {
    this.drop(key);
    const entries: number[] = [];
    this.taken.set(key, { version: record.version, revision: record.revision, entries });
    for (const entry of entriesOf(record)) {
      entries.push(this.index.add(entry));
      this.left -= 1;
      if (this.left > 0) continue;
      this.left = SLICE_ENTRIES;
      await setImmediate();
    }
  }

  private drop(key: string): void {
    for (const entry of this.taken.get(key)?.entries ?? []) this.index.remove(entry);
    this.taken.delete(key);
  }
}

function entriesOf({ kind, id, body }: ShownRecord): SearchEntry[] {
  const name = String(body.name ?? id);
  const described = typeof body.description === 'string' ? { description: body.description } : {};
  if (kind === 'product') return [{ kind, id, name, ...described }];
  const facts = { version: String(body.version), lifecycle: String(body.lifecycle) };
  const path = String(body.basePath);
  const api: SearchEntry = { kind: 'api', id, name, ...described, path, ...facts };
  const operations = Array.isArray(body.operations) ? body.operations.filter(isObject) : [];
  return [api, ...operations.map(operation => operationEntry(id, path, operation))];
}

function operationEntry(api: string, basePath: string, operation: JsonObject): SearchEntry {
  const { id, method, path, summary } = operation;
  return {
    kind: 'operation',
    id: `${api}.${String(id)}`,
    name: String(id),
    ...(typeof summary === 'string' ? { summary } : {}),
    api,
    method: String(method),
    path: basePath === '/' ? String(path) : basePath + String(path),
  };
}
