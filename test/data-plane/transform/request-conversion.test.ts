/** What is asked of the workers for the body of a call, and what is held of it meanwhile. */
import { describe, expect, it } from 'vitest';
import type { Conversion } from '../../../src/core/conversion.ts';
import { Resumptions } from '../../../src/core/resumptions.ts';
import type { PayloadRecord } from '../../../src/core/snapshot.ts';
import { ProgramTable } from '../../../src/data-plane/transform/program-table.ts';
import { convertBody } from '../../../src/data-plane/transform/request-conversion.ts';
import { readTask } from '../../../src/payload/payload-task.ts';
import { anExchange } from '../../support/exchanges.ts';

const PAYLOAD = { id: 'p', source: '{}', requestType: 'application/json' } as PayloadRecord;

function aBody(headers: readonly string[], hasRoom = true) {
  const exchange = anExchange({ headers: ['content-type', 'application/json', ...headers] });
  exchange.body = Buffer.from('{}');
  const tasks: string[] = [];
  const result = convertBody(exchange, PAYLOAD, {
    conversions: {
      convert: (conversion: Conversion) => {
        tasks.push(conversion.task);
        conversion.settle('converted', [], Buffer.from('[]'));
      },
    },
    ...{ programs: new ProgramTable(), bodyMaxBytes: 1_000, answerMaxBytes: 1_000 },
    resumptions: new Resumptions(queueMicrotask),
    reserve: () => hasRoom,
    reserveAnswer: () => true,
    hasKeyOf: () => true,
    reportFailure: () => undefined,
  });
  return { exchange, result, tasks };
}

describe('the content codings of a body', () => {
  it.each([
    [
      ['content-encoding', 'gzip, br'],
      ['gzip', 'br'],
    ],
    [
      ['content-encoding', 'identity', 'content-encoding', 'gzip', 'content-encoding', 'br'],
      ['gzip', 'br'],
    ],
  ])('are those of all lines that name them: %j', (headers, codings) => {
    const { tasks } = aBody(headers);
    expect(tasks.map(task => readTask(task).codings)).toEqual([codings]);
  });

  it('are two at most, over however many lines', () => {
    const lines = ['gzip', 'br', 'zstd'].flatMap(coding => ['content-encoding', coding]);
    const { result, tasks } = aBody(lines);
    expect([result, tasks]).toMatchObject([{ name: 'payload-media-type' }, []]);
  });
});

describe('a body that there is no room for once it is converted', () => {
  it('does not reach the upstream', () => {
    const { exchange, result } = aBody([], false);
    expect(result).toMatchObject({ name: 'overloaded' });
    expect(exchange.outgoingBody).toBeUndefined();
  });
});
