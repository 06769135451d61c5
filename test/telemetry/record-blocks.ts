/** Blocks of access records as a front posts them, from exchanges described in a few words. */
import fc from 'fast-check';
import type { Clock } from '../../src/core/clock.ts';
import { type ProblemName, problem } from '../../src/core/problems.ts';
import { STAGE } from '../../src/core/stages.ts';
import { AccessRecordEncoder, accessRecordBytes } from '../../src/telemetry/access-record.ts';
import { exchangeOf, identified } from './exchange-fixture.ts';

export interface Described {
  readonly requestId?: string;
  readonly timeMs?: number;
  readonly app?: string | undefined;
  readonly operation?: string;
  readonly problem?: ProblemName | undefined;
  readonly source?: string;
  readonly path?: string;
  readonly totalMs?: number;
}

export const START_MS = 1_700_000_000_000;

/** One block with a line for each. */
export function blockOf(...described: readonly Described[]): ArrayBuffer {
  const encoder = new AccessRecordEncoder();
  const exchanges = described.map(exchangeFor);
  const needed = exchanges.reduce((sum, each) => sum + accessRecordBytes(each), 0);
  const bytes = new Uint8Array(needed);
  let at = 0;
  exchanges.forEach((exchange, i) => {
    at = encoder.encode(exchange, described[i]!.timeMs ?? START_MS, bytes, at);
  });
  return bytes.buffer.slice(0, at);
}

function exchangeFor({ requestId = 'req-1', app, operation = 'op', ...described }: Described) {
  const { source = '127.0.0.1', path = '/accounts', totalMs = 1 } = described;
  const bare = exchangeOf({ requestId, peer: source, path });
  const exchange = app === undefined ? bare : identified(bare, app, operation);
  if (described.problem !== undefined) exchange.refusal = problem(described.problem, 'No.');
  exchange.stageMs[STAGE.total] = totalMs;
  return exchange;
}

/** Texts that look like what a search goes by, or need an escape. */
const texts = fc.oneof(
  fc.constantFrom(
    'a',
    'b',
    '"',
    '\\',
    '","app":"a',
    ',"code":"not-found"',
    '\n',
    '\u00e9',
    '\ud800',
  ),
  fc.string({ unit: 'binary', minLength: 1, maxLength: 8 }),
);

/** Few names, so that several have the same. */
export const describedExchange: fc.Arbitrary<Required<Described>> = fc.record({
  requestId: texts,
  timeMs: fc.integer({ min: START_MS, max: START_MS + 50 }),
  app: fc.option(texts, { nil: undefined }),
  operation: texts,
  problem: fc.constantFrom(undefined, 'internal-error', 'not-found', 'upstream-timeout'),
  source: texts,
  path: texts,
  totalMs: fc.integer({ min: 0, max: 3_000_000 }).map(micros => micros / 1_000),
}) as fc.Arbitrary<Required<Described>>;

/** Blocks of several fronts, each in the order of its times. */
export const describedBlocks = fc.array(
  fc
    .array(describedExchange, { minLength: 1, maxLength: 6 })
    .map(block => block.sort((a, b) => a.timeMs - b.timeMs)),
  { maxLength: 8 },
);

export function standingClock(wallMs = START_MS): Clock {
  return { wallMs: () => wallMs, monotonicMs: () => 0 };
}
