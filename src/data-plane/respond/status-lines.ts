import { STATUS_CODES } from 'node:http';

/** Status code and reason phrase for every three-digit status, built once. */
export const STATUS_LINES: readonly string[] = Array.from(
  { length: 1000 },
  (_, status) => `${String(status).padStart(3, '0')} ${STATUS_CODES[status] ?? 'Unassigned'}`,
);
