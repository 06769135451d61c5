/** A source that floods with bad signatures, and a partner who calls meanwhile. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDemoBank, type DemoBank } from '../../src/demo/bank/index.ts';
import { eventually } from '../support/eventually.ts';
import { TestGateway } from '../support/gateway.ts';
import {
  ACCOUNTS,
  ECHO,
  PartnerTraffic,
  type PreparedCall,
  SteadyTraffic,
  type TrafficOptions,
} from '../support/partner-traffic.ts';

const FLOOD_SOURCE = '127.0.0.7';
const KEY = 'ledgerworks-p384';

let bank: DemoBank;
let gateway: TestGateway;
const opened: PartnerTraffic[] = [];

beforeAll(async () => {
  bank = await createDemoBank();
  gateway = await TestGateway.start({
    upstreamPort: bank.port,
    config: {
      fronts: { count: 1 },
      workers: { count: 1, placement: 'pool' },
      signatures: { failuresPerMinuteMax: 60, failuresBurstMax: 20 },
    },
  });
});
afterAll(async () => {
  for (const partner of opened) await partner.close();
  await gateway?.dispose();
  await bank?.close();
});

function traffic(options: TrafficOptions = {}): PartnerTraffic {
  const partner = new PartnerTraffic(gateway, options);
  opened.push(partner);
  return partner;
}

/** Signed for another path: well-formed, and wrong. */
function badCall(partner: PartnerTraffic): PreparedCall {
  return { ...partner.sign(ACCOUNTS), path: ECHO };
}

describe('a flood of bad signatures', () => {
  it('is refused before it costs a worker, and its source alone', async () => {
    const checks = () => gateway.metric('xingyun_verify_pooled_total');
    const flooder = traffic({ keyId: KEY, connections: 8, localAddress: FLOOD_SOURCE });
    // Good from there, before others come behind the same address.
    const neighbour = traffic({ localAddress: FLOOD_SOURCE });
    expect((await neighbour.call(ECHO)).status).toBe(200);
    const before = await checks();

    const flood = new SteadyTraffic(flooder, 8, () => badCall(flooder));
    await eventually(() => flood.answers.length).toBeGreaterThan(400);
    const elsewhere = traffic({ keyId: KEY });
    for (let call = 0; call < 20; call++) {
      expect((await elsewhere.call(ECHO)).status).toBe(200);
      expect((await neighbour.call(ECHO)).status).toBe(200);
    }
    await flood.stop();

    const codes = new Map<string, number>();
    for (const { code } of flood.answers) codes.set(code!, (codes.get(code!) ?? 0) + 1);
    expect([...codes.keys()].sort()).toEqual(['signature-failures', 'signature-invalid']);
    // Eight may be under way when the budget ends, and one more comes back each second.
    expect(codes.get('signature-invalid')).toBeLessThan(20 + 8 + 20);
    expect((await checks()) - before).toBeLessThan(40 + 48);
    const last = flood.answers.at(-1)!;
    expect(Number(last.headers['retry-after'])).toBeGreaterThanOrEqual(1);
    expect(await gateway.metric('xingyun_signatures_refused_failures_total')).toBeGreaterThan(300);
  });
});
