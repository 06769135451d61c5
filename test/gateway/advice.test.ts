/** What a running gateway advises by the calls that came. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createDemoBank, type DemoBank } from '../../src/demo/bank/index.ts';
import type { AdviceAnswer } from '../../src/planning/advice-answer.ts';
import { TestGateway } from '../support/gateway.ts';
import { TestOperators } from '../support/operators.ts';
import { ACCOUNTS, PartnerTraffic } from '../support/partner-traffic.ts';

const ROUNDS = 14;
const CALLS_AT_ONCE = 40;

const operators = new TestOperators({ vera: ['viewer'] });
let bank: DemoBank;
let gateway: TestGateway;
let partner: PartnerTraffic;

beforeAll(async () => {
  bank = await createDemoBank();
  gateway = await TestGateway.start({
    upstreamPort: bank.port,
    config: { admin: { operatorsFile: operators.file } },
  });
  partner = new PartnerTraffic(gateway, { connections: CALLS_AT_ONCE });
});
afterAll(async () => {
  await partner?.close();
  await gateway?.dispose();
  await bank?.close();
  operators.dispose();
});

async function ask(): Promise<AdviceAnswer> {
  return (await operators.ask('vera', `${gateway.adminUrl}/v1/advice`)).body;
}

it('is by their rate, their signatures, and what they cost', async () => {
  expect((await ask()).measured).toMatchObject({ state: 'too-few-calls', mix: null });
  for (let round = 0; round < ROUNDS; round += 1) {
    await Promise.all(Array.from({ length: CALLS_AT_ONCE }, () => partner.call(ACCOUNTS)));
  }
  const state = async () => (await ask()).measured.state;
  await expect.poll(state, { timeout: 10_000 }).toBe('measured');
  const known = async () => (await ask()).measured.mix;
  await expect.poll(known, { timeout: 5_000 }).toEqual({ rsa: expect.closeTo(1, 1) });
  // Fronts tell of their CPU once a second, and so a little later than of their calls.
  const frontMicros = async () => (await ask()).measured.frontMicros;
  await expect.poll(frontMicros, { timeout: 5_000 }).toBeGreaterThan(20);
  const { measured, terms, present } = await ask();
  expect(measured.calls).toBeLessThanOrEqual(ROUNDS * CALLS_AT_ONCE);
  expect(measured.upstreamP99Ms).toBeLessThan(measured.p99Ms!);
  expect(terms).toMatchObject({ costsFrom: 'measured', rateFrom: 'measured', rate: measured.rate });
  expect(present).toMatchObject({ fronts: 1, workers: 1 });
});
