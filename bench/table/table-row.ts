import type { RecordedRun } from './recorded-runs.ts';
import type { Text } from './text.ts';

/** One line of the README's table. */
export interface TableRow {
  readonly what: Text;
  readonly seen: Text;
  /** What shows it again. */
  readonly command: string;
  readonly run: RecordedRun;
}
