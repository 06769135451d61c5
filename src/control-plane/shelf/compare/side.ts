import type { ChangeList } from './change-list.ts';
import type { PlacedSchema } from './flat-schema.ts';
import type { SchemaReader } from './schema-reader.ts';

/** Who sends what a schema describes: whoever calls, or the API. */
export type Side = 'request' | 'response';

/** What compares the schemas below one. */
export interface SchemaPairs {
  readonly before: SchemaReader;
  readonly after: SchemaReader;
  readonly changes: ChangeList;
  compare(
    old: PlacedSchema | undefined,
    now: PlacedSchema | undefined,
    side: Side,
    depth?: number,
  ): void;
}
