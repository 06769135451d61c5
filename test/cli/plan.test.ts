import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { advise } from '../../src/planning/advise.ts';
import { BUSY, QUIET } from '../support/console/advice.ts';
import { AdminStub } from './admin-stub.ts';
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

describe('xingyun plan --from-gateway', () => {
  let admin: AdminStub;
  beforeAll(async () => {
    admin = await AdminStub.start();
  });
  afterAll(() => admin.close());
  const query = 'peak=4&besideMicros=0&p99MaxMs=50&utilizationMax=0.7';
  const of = ['--from-gateway', '--admin'];

  it('plans by what the gateway measures, of the calls that come where none are said', async () => {
    const text = JSON.stringify(advise({}, BUSY));
    admin.answers.set(`/v1/advice?${query}`, { text });
    const answer = await planJson(...of, admin.url);
    expect(answer).toMatchObject({ rate: BUSY.rate, cores: 8, measured: BUSY });
    expect(answer).toMatchObject({ hosts: answer.hostsWithinTarget, doublings: { length: 3 } });
    for (const name of ['p99Ms', 'utilization', 'fronts', 'workers']) {
      expect(answer[name], name).toBeGreaterThan(0);
    }
    const { stdout } = await plan(...of, admin.url);
    expect(stdout).toMatch(
      /^By 86,412 calls in 30 s, 214 µs of a front each\n2,880 calls\/s \(rsa/,
    );
  });

  it('asks what it was asked, and says where calls were too few', async () => {
    const mix = new Map([['es256' as const, 1]]);
    const text = JSON.stringify(advise({ rate: 8_000, fronts: 1, workers: 2, mix }, QUIET));
    const asked = 'rate=8000&peak=4&fronts=1&workers=2&besideMicros=0';
    const target = 'p99MaxMs=50&utilizationMax=0.7&mix=es256%3D1';
    admin.answers.set(`/v1/advice?${asked}&${target}`, { text });
    const said = ['--rate', '8000', '--fronts', '1', '--workers', '2', '--mix', 'es256=1'];
    const { stdout, stderr } = await plan(...said, ...of, admin.url);
    expect(stderr).toBe('');
    expect(stdout).toMatch(/^120 calls in 30 s are too few to measure by/);
  });
});
