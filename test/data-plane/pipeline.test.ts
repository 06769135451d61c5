import { describe, expect, it } from 'vitest';
import { CounterSet } from '../../src/core/counters.ts';
import { type Exchange, PENDING, type Step } from '../../src/core/exchange.ts';
import { type Problem, problem } from '../../src/core/problems.ts';
import { Pipeline, type Rooms } from '../../src/data-plane/pipeline.ts';
import { anExchange } from '../support/exchanges.ts';

interface Journal {
  readonly pipeline: Pipeline;
  readonly counters: CounterSet;
  readonly visited: string[];
  readonly problems: Problem[];
  readonly bugs: unknown[];
}

const STEP_NAMES = [
  'admit',
  'answerPublished',
  'readBody',
  'verify',
  'route',
  'prepareAnswer',
  'limit',
  'claimKey',
  'convertRequest',
  'forward',
] as const;

function aPipeline(overrides: Partial<Rooms> = {}): Journal {
  const counters = new CounterSet();
  const visited: string[] = [];
  const problems: Problem[] = [];
  const bugs: unknown[] = [];
  const noted = (name: string, step: Step = () => undefined): Step => {
    return exchange => {
      visited.push(name);
      return step(exchange);
    };
  };
  const steps = Object.fromEntries(
    STEP_NAMES.map(name => [name, noted(name, overrides[name])]),
  ) as Record<(typeof STEP_NAMES)[number], Step>;
  const pipeline = new Pipeline(
    {
      ...steps,
      writeProblem:
        overrides.writeProblem ??
        ((exchange, refusal) => {
          problems.push(refusal);
          exchange.complete();
        }),
      release: () => visited.push('release'),
      record: overrides.record ?? (() => visited.push('record')),
      reportBug: error => bugs.push(error),
    },
    counters,
  );
  return { pipeline, counters, visited, problems, bugs };
}

function started(journal: Journal, refusal?: Problem): Exchange {
  const exchange = anExchange({}, journal.pipeline);
  journal.pipeline.start(exchange, refusal);
  return exchange;
}

const replayed = () => problem('signature-replayed', 'Used before.');
const wait = (): typeof PENDING => PENDING;

describe('the pipeline', () => {
  it('runs its steps in order and waits for the last one', () => {
    const journal = aPipeline({ forward: wait });
    const exchange = started(journal);
    expect(journal.visited).toEqual([...STEP_NAMES]);
    expect(journal.counters.get('exchanges_in_flight')).toBe(1);
    exchange.complete();
    expect(journal.visited).toEqual([...STEP_NAMES, 'record', 'release']);
    expect(journal.counters.get('exchanges_in_flight')).toBe(0);
  });

  it('goes on with the next step after a wait', () => {
    const journal = aPipeline({ verify: wait, forward: wait });
    const exchange = started(journal);
    expect(journal.visited).toEqual(['admit', 'answerPublished', 'readBody', 'verify']);
    exchange.resume();
    expect(journal.visited).toEqual([...STEP_NAMES]);
  });

  it('writes the first problem and records once', () => {
    const journal = aPipeline({ verify: replayed });
    const exchange = started(journal);
    expect(journal.problems.map(refusal => refusal.name)).toEqual(['signature-replayed']);
    expect(exchange.refusal?.name).toBe('signature-replayed');
    exchange.complete();
    exchange.resume();
    expect(journal.visited).toEqual([
      'admit',
      'answerPublished',
      'readBody',
      'verify',
      'record',
      'release',
    ]);
  });

  it('writes what the front already refused without any step', () => {
    const journal = aPipeline();
    started(journal, problem('malformed-request', 'No.'));
    expect(journal.visited).toEqual(['record', 'release']);
    expect(journal.problems).toHaveLength(1);
  });

  it('records an abort at once and ignores the check that settles later', () => {
    const journal = aPipeline({ verify: wait });
    const exchange = started(journal);
    journal.pipeline.abort(exchange);
    expect(journal.visited.slice(-2)).toEqual(['record', 'release']);
    exchange.resume();
    expect(journal.visited).not.toContain('route');
    journal.pipeline.abort(exchange);
    expect(journal.visited.filter(name => name === 'record')).toHaveLength(1);
  });

  it('leaves an abort during the answer to its source', () => {
    let cancelled = 0;
    const journal = aPipeline({
      forward: exchange => {
        exchange.source = {
          resume: () => undefined,
          cancel: () => (cancelled += 1),
          giveUp: () => undefined,
        };
        return PENDING;
      },
    });
    const exchange = started(journal);
    journal.pipeline.abort(exchange);
    expect(cancelled).toBe(1);
    expect(exchange.completed).toBe(false);
    exchange.complete();
    expect(journal.counters.get('exchanges_in_flight')).toBe(0);
  });

  it('goes no further with a call whose problem is still being written', () => {
    const written: Problem[] = [];
    const journal = aPipeline({
      verify: wait,
      writeProblem: (_, refusal) => void written.push(refusal),
    });
    const exchange = started(journal);
    journal.pipeline.expire(exchange, problem('deadline-exceeded', 'Too late.'));
    expect([exchange.completed, exchange.isOver]).toEqual([false, true]);
    exchange.resume();
    expect(journal.visited).not.toContain('route');
    exchange.complete();
    expect(written.map(({ name }) => name)).toEqual(['deadline-exceeded']);
  });

  it('turns a throw into internal-error and reports it', () => {
    const journal = aPipeline({
      route: () => {
        throw new Error('bug');
      },
    });
    started(journal);
    expect(journal.problems.map(refusal => refusal.name)).toEqual(['internal-error']);
    expect(journal.bugs).toHaveLength(1);
    expect(journal.counters.get('exchanges_in_flight')).toBe(0);
  });

  it('still completes when the problem cannot be written', () => {
    const journal = aPipeline({
      verify: replayed,
      writeProblem: () => {
        throw new Error('socket');
      },
    });
    const exchange = started(journal);
    expect(exchange.completed).toBe(true);
    expect(journal.bugs).toHaveLength(1);
  });
});
