/** What `uniqueItems` asks of a list, without the compiler of schemas. */

/** By the values of JSON: members in whatever order are the same object. Linear in their length. */
export function areUnique(items: readonly unknown[]): boolean {
  const scalars = new Set<unknown>();
  const texts = new Set<string>();
  for (const item of items) {
    if (typeof item === 'object' && item !== null) texts.add(textOf(item));
    else scalars.add(item);
  }
  return scalars.size + texts.size === items.length;
}

/** Members in the order of their names, so that equal values have one text. */
function textOf(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value !== 'object' || value === null) return String(value);
  if (Array.isArray(value)) return `[${value.map(textOf).join(',')}]`;
  const members = value as Readonly<Record<string, unknown>>;
  const names = Object.keys(members).sort();
  return `{${names.map(name => `${JSON.stringify(name)}:${textOf(members[name])}`).join(',')}}`;
}
