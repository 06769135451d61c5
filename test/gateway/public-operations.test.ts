import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDemoBank } from '../../src/demo/bank/index.ts';
import { TestGateway } from '../support/gateway.ts';
import { ACCOUNTS, ECHO, PartnerTraffic } from '../support/partner-traffic.ts';

let bank: Awaited<ReturnType<typeof createDemoBank>>;
let gateway: TestGateway;

beforeAll(async () => {
  bank = await createDemoBank();
  gateway = await TestGateway.start({
    upstreamPort: bank.port,
    registry: ({ apis }) => {
      const sandbox = apis!.find(api => (api as { id: string }).id === 'sandbox') as object;
      Object.assign(sandbox, {
        openapi: undefined,
        operations: [
          { id: 'read', method: 'GET', path: '/echo', access: 'public' },
          { id: 'write', method: 'POST', path: '/echo' },
        ],
      });
    },
  });
});

afterAll(async () => {
  await gateway.dispose();
  await bank.close();
});

describe('a public operation', () => {
  it('is forwarded without a signature and without an identity', async () => {
    const headers = { 'x-xingyun-app': 'nebula-pay-app', 'x-xingyun-partner': 'nebula-pay' };
    const answer = await fetch(`${gateway.url}${ECHO}`, { headers });
    // The bank's own refusal: the call reached it, and the forged identity did not.
    expect(await answer.json()).toMatchObject({ code: 'partner-missing' });
  });

  it('says nothing to a caller without a signature of what else there is', async () => {
    for (const [method, path] of [
      ['GET', ACCOUNTS],
      ['GET', '/nowhere'],
      ['POST', ECHO],
      ['DELETE', ECHO],
    ]) {
      const answer = await fetch(`${gateway.url}${path}`, { method: method! });
      expect(answer.status).toBe(401);
      expect(await answer.json()).toMatchObject({ code: 'signature-missing' });
    }
  });

  it('refuses a signature that does not verify all the same', async () => {
    const traffic = new PartnerTraffic(gateway);
    const call = traffic.sign(ECHO);
    expect((await traffic.send(call)).status).toBe(200);
    expect((await traffic.send(call)).code).toBe('signature-replayed');
    await traffic.close();
  });
});
