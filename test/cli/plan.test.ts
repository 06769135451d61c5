import { describe, expect, it } from 'vitest';
import { runCli } from './run-cli.ts';

const plan = (...args: string[]) => runCli(['plan', ...args]);

async function planJson(...args: string[]) {
  const { status, stdout, stderr } = await plan(...args, '--json');
  expect([status, stderr]).toEqual([0, '']);
  return JSON.parse(stdout);
}

const SMALL = ['--fronts', '1', '--workers', '1', '--cores', '4'];

describe('xingyun plan', () => {
  it('tells p99 and utilisation of the threads that are named', async () => {
    const answer = await planJson('--rate', '500', ...SMALL, '--mix', 'rsa=0.7,es256=0.3');
    expect(answer).toMatchObject({ rate: 500, hosts: 1, fronts: 1, workers: 1, cores: 4 });
    expect(answer.utilization).toBeGreaterThan(0);
    expect(answer.utilization).toBeLessThan(0.5);
    expect(answer.p99Ms).toBeGreaterThan(0);
    expect(answer.doublings).toHaveLength(3);
    expect(answer.costs.checkMicros.es256).toBeGreaterThan(answer.costs.checkMicros.hmac);
  });

  it('tells the hosts for a day, and what more of them cost', async () => {
    const day = ['--per-day', '1.2e10', '--peak', '4', '--cores', '8'];
    const { rate, hosts, hostsWithinTarget, doublings, utilization } = await planJson(...day);
    expect(rate).toBeCloseTo(555_556, 0);
    expect(hosts).toBeGreaterThan(1);
    expect(hostsWithinTarget).toBe(hosts);
    expect(utilization).toBeLessThanOrEqual(0.7);
    expect(doublings.map((each: { rate: number }) => Math.round(each.rate / rate))).toEqual([
      2, 4, 8,
    ]);
    const { stdout } = await plan(...day);
    expect(stdout).toMatch(/555,556 calls\/s \(rsa 100 %\)\n {2}\d+ hosts of 8 cores of /);
  });

  it('says where one host cannot, and where none can', async () => {
    const { hosts, p99Ms } = await planJson('--rate', '1000000', ...SMALL);
    expect(hosts).toBeGreaterThan(10);
    expect(p99Ms).toBeLessThanOrEqual(50);
    const never = await plan('--rate', '10', '--p99', '0.001');
    expect([never.status, never.stderr]).toEqual([1, expect.stringContaining('Not even an idle')]);
  });

  it.each([
    [[]],
    [['--rate', '1', '--per-day', '1']],
    [['--rate', '0']],
    [['--rate', '1', '--fronts', '1']],
    [['--rate', '1', '--mix', 'rsa=2']],
    [['--rate', '1', '--workers', '1.5', '--fronts', '1']],
  ])('is used wrongly with %j', async args => expect((await plan(...args)).status).toBe(2));
});
