/** One row of the table of errors (problem-table.ts). */
export interface ProblemDefinition {
  readonly status: number;
  readonly title: string;
  /** What the caller changes; the page shows it. */
  readonly remedy: string;
  /** Whether the same call may succeed later without a change: a client may repeat it. */
  readonly retry: boolean;
  /** Seconds for `Retry-After` where the table knows them. */
  readonly retryAfterSeconds?: number;
}
