/** In what a benchmark's gateway is not the product as it comes. */
import { type Config, ConfigSchema } from '../../src/core/config.ts';
import type { Sections } from './gateway-files.ts';

export type ConfigValue = string | number | boolean;

/** What is read of the schema's tree. */
interface OptionSchema {
  readonly properties?: Readonly<Record<string, object>>;
  readonly default?: unknown;
}

/** `signatures.createdMaxAgeMs` and the like: every option whose value is not its default. */
export function configDifferences(config: Sections<Config>): Record<string, ConfigValue> {
  const set = flattened(config);
  return Object.fromEntries(set.filter(([option, value]) => defaultOf(option) !== value));
}

function flattened(part: object, prefix = ''): [string, ConfigValue][] {
  return Object.entries(part).flatMap(([name, value]): [string, ConfigValue][] => {
    const option = `${prefix}${name}`;
    if (typeof value === 'object' && value !== null) return flattened(value, `${option}.`);
    return value === undefined ? [] : [[option, value]];
  });
}

/** Undefined where an option has none. */
function defaultOf(option: string): unknown {
  let schema: OptionSchema = ConfigSchema;
  for (const name of option.split('.')) schema = schema.properties?.[name] ?? {};
  return schema.default;
}
