/** Threads of a running gateway that throw or die, under traffic. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createDemoBank, type DemoBank } from '../../src/demo/bank/index.ts';
import { eventually } from '../support/eventually.ts';
import { TestGateway } from '../support/gateway.ts';
import { ECHO, PartnerTraffic, SteadyTraffic } from '../support/partner-traffic.ts';

let bank: DemoBank;
let gateway: TestGateway;
let partner: PartnerTraffic;

beforeEach(async () => {
  bank = await createDemoBank();
});
afterEach(async () => {
  delete process.env.NODE_OPTIONS;
  delete process.env.WOUND;
  await partner.close();
  await gateway.dispose();
  await bank.close();
});

async function start(wound: string): Promise<SteadyTraffic> {
  process.env.WOUND = wound;
  process.env.NODE_OPTIONS = `--import ${new URL('inside-process.ts', import.meta.url)}`;
  gateway = await TestGateway.start({
    upstreamPort: bank.port,
    config: { fronts: { count: 2 }, workers: { placement: 'pool', count: 2 } },
  });
  partner = new PartnerTraffic(gateway, { connections: 8 });
  const traffic = new SteadyTraffic(partner, 8, () => partner.sign(ECHO));
  await answered(traffic, 50);
  return traffic;
}

/** Waits for so many more answers. */
async function answered(traffic: SteadyTraffic, more: number): Promise<void> {
  const before = traffic.answers.length;
  await eventually(() => traffic.answers.length).toBeGreaterThanOrEqual(before + more);
}

/** Waits for an answer to every call that is under way. */
async function answeredByAll({ turns }: SteadyTraffic): Promise<void> {
  const before = [...turns];
  await eventually(() => turns.every((count, index) => count > before[index]!)).toBe(true);
}

describe.each(['front-throws', 'front-rejects'])('an uncaught error in a front (%s)', wound => {
  it('is logged with its stack, and serving goes on', async () => {
    const traffic = await start(wound);
    gateway.process!.kill('SIGUSR2');
    await eventually(() => gateway.log.match(/Uncaught error in a front thread/g)).toHaveLength(2);
    expect(gateway.log).toContain('Error: a bug in a front thread\\n');
    await answered(traffic, 50);
    await traffic.stop();
    expect(traffic.failed).toEqual([]);
    expect(await gateway.end()).toBe(0);
  });
});

describe('a pool worker that dies under load', () => {
  it('costs no call, and its CPU time does not go back', async () => {
    const traffic = await start('worker-exits');
    const cpu = async () => {
      const text = await (await fetch(`${gateway.adminUrl}/metrics`)).text();
      const name = 'xingyun_thread_cpu_seconds_total{thread="front-0-worker-0",mode="user"} ';
      return Number(text.slice(text.indexOf(name) + name.length).split('\n', 1)[0]);
    };
    let before = 0;
    for (let round = 1; round <= 3; round++) {
      gateway.process!.kill('SIGUSR2');
      // Four workers, two in each front. A check that meets two of those that end is poisoned: it
      // must be over before the next ones do.
      await eventually(() => gateway.log.match(/a pool worker exits/g)).toHaveLength(4 * round);
      await answeredByAll(traffic);
      await answered(traffic, 100);
      await eventually(cpu).toBeGreaterThan(before);
      before = await cpu();
    }
    await traffic.stop();
    expect(traffic.failed).toEqual([]);
    expect(await gateway.metric('xingyun_verify_items_poisoned_total')).toBe(0);
    expect(await gateway.end()).toBe(0);
    expect(gateway.log).not.toMatch(/"level":[56]0/);
  }, 60_000);
});
