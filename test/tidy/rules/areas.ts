/**
 * Who may import whom, as one table: the areas of src/ and what each may see. A file belongs to
 * the first area that it matches.
 */
export interface Area {
  readonly name: string;
  matches(path: string): boolean;
  /** Path beginnings that it may import, beside its own. */
  readonly mayImport: readonly string[];
}

const CORE = 'src/core/';
const STORE_TYPES = [
  'src/stores/contracts.ts',
  'src/stores/health-contract.ts',
  'src/stores/history-contract.ts',
  'src/stores/idempotency-contract.ts',
  'src/stores/limit-contract.ts',
  'src/stores/registry-contract.ts',
];
/** What drivers share beside their contracts. */
const STORE_PARTS = [
  'src/stores/audit-chain.ts',
  'src/stores/file-lock.ts',
  'src/stores/sql/',
  'src/stores/turn-batches.ts',
];
const TELEMETRY = 'src/telemetry/';
const FRONT_MESSAGES = 'src/data-plane/front-messages.ts';
const CONSOLE_PAGE = 'src/control-plane/console/page/';
const ANYTHING = ['src/'];

const under =
  (...prefixes: readonly string[]) =>
  (path: string) =>
    prefixes.some(prefix => path.startsWith(prefix));

const ROOM = /^src\/data-plane\/([^/]+)\//;

/** The room of a path in the data plane, as a folder with its slash. */
export function roomOf(path: string): string | undefined {
  return ROOM.exec(path)?.[0];
}

export const AREAS: readonly Area[] = [
  { name: 'core', matches: under(CORE), mayImport: [CORE] },
  {
    name: 'a room',
    matches: path => roomOf(path) !== undefined,
    mayImport: [CORE, ...STORE_TYPES, 'src/payload/'],
  },
  {
    name: 'the pipeline',
    matches: under('src/data-plane/pipeline.ts'),
    mayImport: [CORE, ...STORE_TYPES, 'src/data-plane/'],
  },
  {
    name: 'the composition of a front thread',
    matches: under(
      'src/data-plane/front-thread.ts',
      'src/data-plane/compose-front.ts',
      'src/data-plane/compose-admission.ts',
      'src/data-plane/compose-stores.ts',
      'src/data-plane/front-service.ts',
      'src/data-plane/watch-pool.ts',
    ),
    mayImport: [CORE, TELEMETRY, 'src/stores/', 'src/data-plane/'],
  },
  {
    name: 'the data plane’s part of the admin listener',
    matches: under('src/data-plane/compose-operator-check.ts'),
    mayImport: [CORE, ...STORE_TYPES, 'src/stores/memory/', 'src/data-plane/'],
  },
  { name: 'front messages', matches: under(FRONT_MESSAGES), mayImport: [CORE] },
  { name: 'payload', matches: under('src/payload/'), mayImport: [CORE, 'src/payload/'] },
  { name: 'planning', matches: under('src/planning/'), mayImport: [CORE, 'src/planning/'] },
  { name: 'telemetry', matches: under(TELEMETRY), mayImport: [CORE, TELEMETRY] },
  { name: 'client', matches: under('src/client/'), mayImport: [CORE, 'src/client/'] },
  {
    name: 'stores',
    matches: under('src/stores/'),
    mayImport: [CORE, ...STORE_TYPES, ...STORE_PARTS],
  },
  {
    // It runs in a browser: of the gateway it has the shapes of answers, and what is in them.
    name: 'the page of the console',
    matches: under(CONSOLE_PAGE),
    mayImport: [
      ...[CONSOLE_PAGE, 'src/telemetry/live-frame.ts', 'src/core/stages.ts'],
      'src/planning/advice-answer.ts',
    ],
  },
  {
    name: 'control plane',
    matches: under('src/control-plane/'),
    mayImport: [
      ...[CORE, ...STORE_TYPES, TELEMETRY, 'src/payload/', 'src/version.ts'],
      ...['src/stores/file-lock.ts', 'src/planning/', 'src/control-plane/'],
    ],
  },
  {
    name: 'demo',
    matches: under('src/demo/'),
    mayImport: [CORE, 'src/client/', 'src/demo/'],
  },
  {
    name: 'runtime',
    matches: under('src/runtime/'),
    mayImport: [CORE, TELEMETRY, 'src/stores/', FRONT_MESSAGES, 'src/runtime/'],
  },
  {
    name: 'the composition root',
    matches: under(
      ...['src/main.ts', 'src/compose-registry.ts', 'src/compose-admin.ts'],
      ...['src/compose-limits.ts', 'src/compose-idempotency.ts', 'src/idempotency-thread.ts'],
      ...[
        'src/compose-nonces.ts',
        'src/compose-memory.ts',
        'src/compose-telemetry.ts',
        'src/compose-tokens.ts',
        'src/compose-tuning.ts',
        'src/compose-tracing.ts',
        'src/compose-upstreams.ts',
        'src/addresses.ts',
      ],
      ...['src/gateway-process.ts', 'src/cli/', 'src/version.ts'],
    ),
    mayImport: ANYTHING,
  },
];

/** The folder that a file may always import from: its room or its driver, if it has one. */
export function ownFolder(path: string): string | undefined {
  return roomOf(path) ?? /^src\/stores\/[^/]+\//.exec(path)?.[0];
}

export interface Door {
  /** A package or Node module; its subpaths belong to it. */
  readonly specifier: string;
  /** The part of the tree in which the door counts. */
  readonly within: string;
  readonly allows: (path: string) => boolean;
  /** Where types alone may pass as well. */
  readonly allowsTypes?: (path: string) => boolean;
  /** Files that may import it, where it is a number rather than a place. */
  readonly filesMax?: number;
}

const UPSTREAM = under('src/data-plane/upstream/');

export const DOORS: readonly Door[] = [
  {
    specifier: 'uWebSockets.js',
    within: 'src/',
    allows: under('src/data-plane/front/'),
    allowsTypes: under('src/data-plane/respond/'),
  },
  { specifier: 'piscina', within: 'src/', allows: under('src/data-plane/workers/') },
  { specifier: 'node:net', within: 'src/data-plane/', allows: UPSTREAM },
  { specifier: 'node:tls', within: 'src/data-plane/', allows: UPSTREAM },
  { specifier: 'kysely', within: 'src/', allows: under('src/stores/') },
  { specifier: 'pg', within: 'src/', allows: under('src/stores/postgres/') },
  { specifier: '@redis/client', within: 'src/', allows: under('src/stores/redis/connection.ts') },
  { specifier: '@opentelemetry', within: 'src/', allows: under('src/telemetry/tracing/') },
  { specifier: 'node:sqlite', within: 'src/', allows: under('src/stores/') },
  { specifier: '@stoplight', within: 'src/', allows: under('src/control-plane/shelf/') },
  { specifier: 'jose', within: 'src/', allows: () => true, filesMax: 1 },
  {
    specifier: 'sm-crypto-v2',
    within: 'src/',
    allows: under(
      'src/data-plane/workers/sm2-key.ts',
      'src/client/message-key.ts',
      'src/payload/encryption/sm2-transport.ts',
    ),
  },
  {
    specifier: 'ws',
    within: 'src/',
    allows: under('src/client/session/node-socket.ts', 'src/cli/top/live-socket.ts'),
  },
  { specifier: 'saxes', within: 'src/', allows: under('src/payload/formats/xml/xml-reader.ts') },
  { specifier: 'msgpackr', within: 'src/', allows: path => /codec[^/]*$/.test(path) },
];
