/** Instants as records write them: the schema says their form, this that they exist. */

/**
 * Milliseconds since the epoch; undefined where there is no such instant. Date.parse makes 2 March
 * of 30 February, so the day is compared with what it made.
 */
export function parseInstant(text: string): number | undefined {
  const ms = Date.parse(text);
  const day = Date.parse(`${text.slice(0, 10)}T00:00:00Z`);
  if (Number.isNaN(ms) || Number.isNaN(day)) return undefined;
  return new Date(day).toISOString().startsWith(text.slice(0, 10)) ? ms : undefined;
}
