/** Callers who say how long they wait. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { answerOf, type RawRequest, RawUpstream } from '../data-plane/upstream/raw-upstream.ts';
import { eventually } from '../support/eventually.ts';
import { TestGateway } from '../support/gateway.ts';
import { ECHO, PartnerTraffic } from '../support/partner-traffic.ts';
import { RpcSession } from '../support/rpc-session.ts';

const FIELD = 'x-xingyun-deadline-ms';

let upstream: RawUpstream;
let gateway: TestGateway;
let partner: PartnerTraffic;
let answer: (request: RawRequest) => void;

beforeAll(async () => {
  upstream = new RawUpstream(request => answer(request));
  gateway = await TestGateway.start({ upstreamPort: await upstream.listen() });
  partner = new PartnerTraffic(gateway, { connections: 4 });
});
afterAll(async () => {
  await partner?.close();
  await gateway?.dispose();
  await upstream?.close();
});

const good = ({ socket }: RawRequest) => socket.write(answerOf('{"ok":1}'));
const call = (deadlineMs: string, body?: string) =>
  partner.call(ECHO, {
    ...(body === undefined ? {} : { method: 'POST', body }),
    headers: { [FIELD]: deadlineMs },
  });

/** What the upstream was told it has. */
function toldMs({ head }: RawRequest): number {
  return Number(/x-xingyun-deadline-ms: (\d+)/.exec(head)?.[1]);
}

describe('a deadline', () => {
  it('travels to the upstream as what is left of it', async () => {
    answer = good;
    expect((await call('5000')).status).toBe(200);
    const told = toldMs(upstream.requests.at(-1)!);
    expect(told).toBeLessThanOrEqual(5_000);
    expect(told).toBeGreaterThan(3_000);
    await partner.call(ECHO);
    expect(upstream.requests.at(-1)!.head).not.toContain(FIELD);
  });

  it('that is over is an answer at once, and stops a safe call', async () => {
    let closed = 0;
    answer = ({ socket }) => void socket.once('close', () => closed++);
    const answered = await call('150');
    expect(answered.code).toBe('deadline-exceeded');
    expect(answered.ms).toBeGreaterThanOrEqual(140);
    expect(answered.ms).toBeLessThan(2_000);
    await eventually(() => closed).toBe(1);
    answer = good;
    expect((await partner.call(ECHO)).status).toBe(200);
  });

  it('lets a call that may have taken effect go on to its end, once', async () => {
    const before = upstream.requests.length;
    let finish = () => undefined as unknown;
    answer = request => {
      finish = () => good(request);
    };
    expect((await call('100', '{}')).code).toBe('deadline-exceeded');
    finish();
    await eventually(() => gateway.metric('xingyun_exchanges_in_flight')).toBe(0);
    expect(upstream.requests.length).toBe(before + 1);
    // Its connection is used again.
    const { connection } = upstream.requests.at(-1)!;
    answer = good;
    expect((await call('5000', '{}')).status).toBe(200);
    expect(upstream.requests.at(-1)!.connection).toBe(connection);
  });

  it.each(['0', '600001', '-1', '1.5', 'soon'])('of "%s" is none', async value => {
    expect((await call(value)).code).toBe('malformed-request');
  });

  it('of a message on a session travels as well', async () => {
    answer = good;
    const session = await RpcSession.open(gateway, {});
    await session.call('call', { method: 'GET', path: ECHO, deadlineMs: 4_000 });
    expect(toldMs(upstream.requests.at(-1)!)).toBeGreaterThan(2_000);
    await session.close();
  });
});
