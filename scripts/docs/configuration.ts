/** Generates docs/configuration.md from the schemas of `xingyun.yaml` and `registry.yaml`. */
import { RegistryFileSchema } from '../../src/control-plane/registry/file-schema.ts';
import { ConfigSchema } from '../../src/core/config.ts';

export const file = 'docs/configuration.md';

/** The part of JSON Schema that our schemas use. */
interface OptionSchema {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly form?: string;
  readonly items?: OptionSchema;
  readonly properties?: Readonly<Record<string, OptionSchema>>;
  readonly required?: readonly string[];
}

// The schemas' own types tell each option apart; here they are all alike.
const configSchema = ConfigSchema as unknown as OptionSchema;
const registrySchema = RegistryFileSchema as unknown as OptionSchema;

const INTRODUCTION = `# Configuration

Generated from the schemas; \`npm run docs\` writes it anew.

Two YAML files configure the gateway: \`xingyun.yaml\` says how it runs, \`registry.yaml\` says who
may call what. \`xingyun check\` reads both and changes nothing. An option that is not listed here
stops the start with its name and line, as do values of the wrong type or out of range; all of these
are told at once. Units are part of the names. Relative file names start at the folder of the file
that holds them. A key may not occur twice, and YAML anchors may be used up to 100 times.
`;

const REGISTRY_RULES = `## registry.yaml

What \`registryFile\` names, and what \`xingyun registry\` exports and applies
([registry.md](registry.md)). A file whose name ends in \`.json\` is read as JSON, which is far
quicker from some 10,000 records on; problems in it are told without lines. Ids are unique within
their list, and whatever is named must exist. What the file itself has wrong is told first, then
each record that cannot be so, then what does not go together.

- A path template is canonical: it starts with \`/\`, has no empty segments (a last one makes a
  trailing slash, which is another path), no dot segments, ASCII only, no semicolon, \`%XX\` with
  capital digits and only for octets that RFC 3986 does not allow in a segment as they are (\`:\`,
  never \`%3A\`), never for \`/\`, \`\\\` or control characters, and never twice over. It has at
  most 32 segments. Calls that spell it otherwise are refused ([paths.md](paths.md)).
- A parameter \`{name}\` is one whole segment and matches any segment that is not empty.
- A static segment beats a parameter, and the path is decided before the method: what is at the most
  specific template answers, with 405 where it lacks the method. GET answers HEAD too.
- Two templates that match the same path must differ in one direction only: \`/a/{x}\` and \`/a/b\`
  are fine, \`/{x}/b\` and \`/a/{y}\` are ambiguous and refused. One template belongs to one API and
  has one set of parameter names.
- Drafts and retired APIs cannot be called, and their paths are free for others.
- An app with several subscriptions to one API has the scopes of all of them, under the plan of the
  one whose product comes first in the order of ids.
- A secret is given in clear (\`secret\`, \`secretFile\`, \`tls.key\`, \`tls.keyFile\`) or sealed,
  as an export has it; a sealed one is of use only where \`registry.secretKeyFile\` has its key.
- In an OpenAPI document \`x-required-scopes\` beside \`operationId\` lists an operation's scopes.
`;

function escapeCell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}

function describeType(schema: OptionSchema): string {
  if (schema.enum !== undefined) return schema.enum.map(value => `\`${value}\``).join(', ');
  if (schema.type === 'array') {
    const items = schema.items ?? {};
    if (items.type === 'object') return 'list of sections';
    return items.enum === undefined ? 'list of text' : `list of ${describeType(items)}`;
  }
  const names: Readonly<Record<string, string>> = {
    integer: 'whole number',
    number: 'number',
    boolean: 'true or false',
    object: 'section',
    string: 'text',
  };
  return names[schema.type ?? ''] ?? 'any';
}

function describeDefault(schema: OptionSchema, isRequired: boolean): string {
  if (schema.type === 'object') return '';
  if (schema.default === undefined) return isRequired ? 'mandatory' : 'none';
  if (Array.isArray(schema.default)) return 'none';
  return `\`${schema.default}\``;
}

function describeBound(schema: OptionSchema, bound: 'minimum' | 'maximum'): string {
  const items = bound === 'minimum' ? schema.minItems : schema.maxItems;
  if (items !== undefined) return `${items} items`;
  return schema[bound] === undefined ? '' : String(schema[bound]);
}

function describeMeaning(schema: OptionSchema): string {
  const form = schema.form ?? schema.items?.form;
  const suffix = form === undefined ? '' : ` Form: ${form}.`;
  return `${schema.description ?? ''}${suffix}`;
}

/** The rows of a section's options, those of the sections and lists inside it after their own. */
function rows(section: OptionSchema, prefix: string): string[] {
  return Object.entries(section.properties ?? {}).flatMap(([name, schema]) => {
    const option = `${prefix}${name}`;
    const cells = [
      `\`${option}\``,
      describeType(schema),
      describeDefault(schema, section.required?.includes(name) ?? false),
      describeBound(schema, 'minimum'),
      describeBound(schema, 'maximum'),
      describeMeaning(schema),
    ];
    const row = `| ${cells.map(escapeCell).join(' | ')} |`;
    if (schema.type === 'object') return [row, ...rows(schema, `${option}.`)];
    if (schema.items?.type === 'object') return [row, ...rows(schema.items, `${option}[].`)];
    return [row];
  });
}

function table(section: OptionSchema, prefix: string): string {
  const head = '| option | type | default | minimum | maximum | meaning |';
  const rule = '| --- | --- | --- | --- | --- | --- |';
  return `${[head, rule, ...rows(section, prefix)].join('\n')}\n`;
}

function configSections(): string[] {
  const options = Object.entries(configSchema.properties ?? {});
  const top = Object.fromEntries(options.filter(([, schema]) => schema.type !== 'object'));
  const general = `### General\n\n${table({ properties: top }, '')}`;
  const sections = options
    .filter(([, schema]) => schema.type === 'object')
    .map(
      ([name, schema]) => `### ${name}\n\n${schema.description}\n\n${table(schema, `${name}.`)}`,
    );
  return [general, ...sections];
}

function registrySections(): string[] {
  const lists = Object.entries(registrySchema.properties ?? {});
  return lists.map(([name, schema]) => {
    const limit = `A list of at most ${schema.maxItems} items.`;
    const options = table(schema.items ?? {}, `${name}[].`);
    return `### ${name}\n\n${schema.description} ${limit}\n\n${options}`;
  });
}

/** The whole page. */
export function generate(): string {
  return [
    INTRODUCTION,
    '## xingyun.yaml\n',
    ...configSections(),
    REGISTRY_RULES,
    ...registrySections(),
  ].join('\n');
}
