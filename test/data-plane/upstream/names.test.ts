/** Targets by name, whose names stop resolving or move to other addresses. */
import dns from 'node:dns';
import { isIP } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { answerOf, Outcome, RawUpstream } from './raw-upstream.ts';
import { HealthTable, nameOf, TargetWorld, upstreamOf } from './target-world.ts';

const outlier = {
  ...{ consecutiveFailuresMax: 2, ejectionMs: 1_000 },
  ...{ ejectionMaxMs: 1_000, ejectedMaxPercent: 50 },
};

let table: HealthTable;
let front: TargetWorld;
let server: RawUpstream;
let port: number;
/** Address of each name; none where it does not resolve. */
let addresses: Record<string, string>;

beforeEach(async () => {
  table = new HealthTable();
  front = new TargetWorld(table);
  server = new RawUpstream(({ socket }) => socket.write(answerOf('fine')));
  port = await server.listen();
  addresses = { 'a.test': '127.0.0.1', 'b.test': '127.0.0.1' };
  vi.spyOn(dns, 'lookup').mockImplementation(lookUp as never);
});
afterEach(async () => {
  vi.restoreAllMocks();
  await front.directory.destroy();
  await server.close();
});

type Answer = (error: Error | null, addresses?: { address: string; family: number }[]) => void;

function lookUp(name: string, _options: unknown, answer: Answer): void {
  // A server's own address is looked up as well.
  const address = isIP(name) === 0 ? addresses[name] : name;
  const error = Object.assign(new Error(`getaddrinfo ENOTFOUND ${name}`), { code: 'ENOTFOUND' });
  process.nextTick(() => {
    if (address === undefined) answer(error);
    else answer(null, [{ address, family: 4 }]);
  });
}

function upstream(keepAliveMs: number) {
  const base = upstreamOf([1, 1], { outlier });
  const targets = ['a.test', 'b.test'].map(host => ({ host, port, weight: 1 }));
  const record = { ...base, targets, keepAliveMs };
  table.give(record);
  return record;
}

/** A real call: the name of its target and what came of it. */
async function call(record: ReturnType<typeof upstream>): Promise<string> {
  const target = front.choose(record);
  const outcome = new Outcome();
  const head = 'GET / HTTP/1.1\r\nhost: test\r\n\r\n';
  outcome.request = target.client.request('GET', head, new Uint8Array(0), outcome);
  const { error } = await outcome.done;
  front.directory.settle(record, target, error ?? 'answered');
  return `${nameOf(target)} ${error ?? 'answered'}`;
}

async function calls(record: ReturnType<typeof upstream>, times: number): Promise<Set<string>> {
  const seen = new Set<string>();
  for (let i = 0; i < times; i++) seen.add(await call(record));
  return seen;
}

describe('a target whose name resolves no more', () => {
  it('fails its calls, is left out, and recovers by itself', async () => {
    const record = upstream(0);
    expect(await calls(record, 20)).toEqual(new Set(['a.test answered', 'b.test answered']));
    delete addresses['b.test'];
    expect(await calls(record, 20)).toContain('b.test unreachable');
    expect(await calls(record, 20)).toEqual(new Set(['a.test answered']));
    addresses['b.test'] = '127.0.0.1';
    table.clock.pass(1_000);
    expect(await calls(record, 20)).toEqual(new Set(['a.test answered', 'b.test answered']));
  });

  it('goes on over the connections that it has', async () => {
    const record = upstream(60_000);
    await calls(record, 20);
    delete addresses['b.test'];
    expect(await calls(record, 20)).toEqual(new Set(['a.test answered', 'b.test answered']));
  });
});

describe('a target whose name moves', () => {
  it('is called at the new address by every connection that is opened later', async () => {
    const record = upstream(0);
    await calls(record, 20);
    // Nobody listens on that port there.
    addresses['b.test'] = '127.0.0.9';
    expect(await calls(record, 20)).toContain('b.test unreachable');
    const moved = new RawUpstream(({ socket }) => socket.write(answerOf('moved')));
    await moved.listen(port, '127.0.0.9');
    table.clock.pass(1_000);
    await calls(record, 20);
    expect(moved.requests.length).toBeGreaterThan(0);
    await moved.close();
  });
});
