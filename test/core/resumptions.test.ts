import { describe, expect, it } from 'vitest';
import type { Exchange } from '../../src/core/exchange.ts';
import type { Problem } from '../../src/core/problems.ts';
import { Resumptions } from '../../src/core/resumptions.ts';

function anExchange(log: string[], name: string, then: () => void = () => undefined): Exchange {
  const resume = (refusal?: Problem) => {
    log.push(`${name} ${refusal?.name ?? 'on'}`);
    then();
  };
  return { resume } as Exchange;
}

describe('exchanges whose checks are settled together', () => {
  it('go on in their order, after the last of them is settled', async () => {
    const log: string[] = [];
    const resumptions = new Resumptions(queueMicrotask);
    resumptions.add(anExchange(log, 'first'), undefined);
    resumptions.add(anExchange(log, 'second'), { name: 'signature-invalid' } as Problem);
    expect(log).toEqual([]);
    await Promise.resolve();
    expect(log).toEqual(['first on', 'second signature-invalid']);
  });

  it('may settle others on their way, which go on after them', async () => {
    const log: string[] = [];
    const resumptions = new Resumptions(queueMicrotask);
    const addThird = () => resumptions.add(anExchange(log, 'third'), undefined);
    resumptions.add(anExchange(log, 'first', addThird), undefined);
    resumptions.add(anExchange(log, 'second'), undefined);
    await Promise.resolve();
    await Promise.resolve();
    expect(log).toEqual(['first on', 'second on', 'third on']);
  });

  it('go on though one of them throws, and the throw surfaces', async () => {
    const log: string[] = [];
    const surfaced: unknown[] = [];
    const before = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException');
    process.on('uncaughtException', error => surfaced.push(error));
    const bug = new Error('a bug');
    const resumptions = new Resumptions(queueMicrotask);
    resumptions.add(
      anExchange(log, 'first', () => {
        throw bug;
      }),
      undefined,
    );
    resumptions.add(anExchange(log, 'second'), undefined);
    await new Promise(setImmediate);
    process.removeAllListeners('uncaughtException');
    for (const listener of before) process.on('uncaughtException', listener);
    expect(log).toEqual(['first on', 'second on']);
    expect(surfaced).toEqual([bug]);
  });
});
