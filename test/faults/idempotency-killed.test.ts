/**
 * The process is killed again and again while orders with keys are under way, and their caller
 * repeats each until it has an answer: none takes effect twice, and what was answered stays so.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { Random } from '../../bench/load/random.ts';
import { type RawRequest, RawUpstream } from '../data-plane/upstream/raw-upstream.ts';
import { eventually } from '../support/eventually.ts';
import { TestGateway } from '../support/gateway.ts';
import { addKeyedApi, order } from '../support/keyed-api.ts';
import { type CallAnswer, PartnerTraffic } from '../support/partner-traffic.ts';

const KILLS = 3;
const ORDERS_BETWEEN = 100;
const LOOPS = 8;
const SEED = 6;
/** Of an order at the upstream. */
const WORK_MAX_MS = 8;
const REPEAT_PAUSE_MS = 10;
/** So that not more is ordered than has to be asked again at the end. */
const ORDER_PAUSE_MS = 20;

let upstream: RawUpstream;
let gateway: TestGateway;
let partner: PartnerTraffic;

afterEach(async () => {
  await partner?.close();
  await gateway?.dispose();
  await upstream?.close();
});

async function start(answer: (request: RawRequest) => void): Promise<void> {
  upstream = new RawUpstream(answer);
  gateway = await TestGateway.start({
    upstreamPort: await upstream.listen(),
    config: { fronts: { count: 2 } },
    registry: addKeyedApi,
  });
  partner = new PartnerTraffic(gateway, { connections: LOOPS });
}

async function restart(): Promise<void> {
  await gateway.end('SIGKILL');
  await gateway.boot();
  const before = partner;
  partner = new PartnerTraffic(gateway, { connections: LOOPS });
  await before.close();
}

describe('idempotency keys of a process that is killed', () => {
  it('let no order take effect twice, and none that was answered get lost', {
    timeout: 60_000,
  }, async () => {
    const random = new Random(SEED, 1);
    const effects = new Map<string, number>();
    await start(({ socket, body }) => {
      effects.set(body, (effects.get(body) ?? 0) + 1);
      const answer = `{"of":${body},"nonce":${random.unit()}}`;
      const head = `HTTP/1.1 201 Created\r\ncontent-length: ${answer.length}\r\n\r\n`;
      setTimeout(() => socket.write(head + answer), random.unit() * WORK_MAX_MS);
    });
    const answered = new Map<string, string>();
    let unknown = 0;
    let next = 0;
    let isRunning = true;

    const placeOne = async (body: string) => {
      const give = Date.now() + 20_000;
      while (Date.now() < give) {
        const answer = await order(partner, `order-${body}`, body).catch(() => undefined);
        if (answer?.status === 201) return void answered.set(body, answer.text);
        if (answer?.code === 'idempotency-outcome-unknown') return void unknown++;
        const mayRepeat = answer === undefined || answer.code === 'idempotency-in-flight';
        if (!mayRepeat) throw new Error(`${answer.status} ${answer.text}`);
        await sleep(REPEAT_PAUSE_MS);
      }
      throw new Error(`order ${body} had no answer`);
    };
    const loop = async () => {
      while (isRunning) {
        await placeOne(String(next++));
        await sleep(ORDER_PAUSE_MS);
      }
    };
    const loops = Array.from({ length: LOOPS }, loop);
    for (let kill = 0; kill < KILLS; kill++) {
      const enough = answered.size + ORDERS_BETWEEN;
      await eventually(() => answered.size).toBeGreaterThan(enough);
      await restart();
    }
    isRunning = false;
    await Promise.all(loops);

    const twice = [...effects].filter(([, times]) => times > 1);
    expect(twice).toEqual([]);
    expect(answered.size).toBeGreaterThan(KILLS * ORDERS_BETWEEN);
    // In flight at a kill: at most one a loop.
    expect(unknown).toBeLessThanOrEqual(KILLS * LOOPS);
    const changed: string[] = [];
    const repeat = async ([body, text]: [string, string]) => {
      const again: CallAnswer = await order(partner, `order-${body}`, body);
      if (again.text !== text || again.headers['idempotent-replayed'] !== 'true') {
        changed.push(`${body}: ${again.status} ${again.text}`);
      }
    };
    await Promise.all([...answered].map(repeat));
    expect(changed).toEqual([]);
  });
});
