/** One option of a benchmark: its name on the command line, the run's value, the default. */
export type Option = readonly [name: string, value: string | number, byDefault: string | number];

/** `npm run bench:NAME` with every option that is not at its default. */
export function commandText(name: string, options: readonly Option[]): string {
  const given = options.filter(([, value, byDefault]) => value !== byDefault);
  const words = given.map(([option, value]) => `--${option} ${value}`);
  return [`npm run bench:${name}`, ...(words.length === 0 ? [] : ['--', ...words])].join(' ');
}
