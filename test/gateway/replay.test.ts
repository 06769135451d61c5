/** One signature, one call: across front threads, kill -9, restarts and a lost state folder. */
import { rmSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createDemoBank, type DemoBank } from '../../src/demo/bank/index.ts';
import { runCli } from '../cli/run-cli.ts';
import { eventually } from '../support/eventually.ts';
import { type GatewayOptions, TestGateway } from '../support/gateway.ts';
import { ACCOUNTS, ECHO, PartnerTraffic, type PreparedCall } from '../support/partner-traffic.ts';
import { stablePort } from '../support/processes.ts';

/** Signatures name it whatever port the process has, so that they outlive a restart. */
const PUBLIC = { publicAuthority: 'api.bank.example' } as const;
const ORIGIN = 'http://api.bank.example';

let bank: DemoBank;
let gateway: TestGateway;
const traffics: PartnerTraffic[] = [];

beforeAll(async () => {
  bank = await createDemoBank();
});
afterAll(() => bank.close());
afterEach(async () => {
  for (const traffic of traffics.splice(0)) await traffic.close();
  await gateway.dispose();
});

async function start(config: GatewayOptions['config'] = {}): Promise<void> {
  const listener = { ...PUBLIC, ...config.listener };
  gateway = await TestGateway.start({ upstreamPort: bank.port, config: { ...config, listener } });
}

function traffic(connections = 1): PartnerTraffic {
  const opened = new PartnerTraffic(gateway, { connections, origin: ORIGIN });
  traffics.push(opened);
  return opened;
}

/** What became of each: its status, or the problem's code. */
async function outcomes(partner: PartnerTraffic, calls: readonly PreparedCall[]) {
  const answers = await Promise.all(calls.map(call => partner.send(call)));
  return answers.map(({ status, code }) => code ?? status);
}

describe('with two front threads', () => {
  it('one of many concurrent replays gets through', async () => {
    await start({ fronts: { count: 2 } });
    const partner = traffic(40);
    for (let round = 0; round < 5; round++) {
      const call = partner.sign(round % 2 === 0 ? ACCOUNTS : ECHO);
      const answers = await outcomes(partner, Array(80).fill(call));
      expect(answers.filter(outcome => outcome === 200)).toHaveLength(1);
      expect(answers.filter(outcome => outcome === 'signature-replayed')).toHaveLength(79);
    }
    expect(await gateway.metric('xingyun_nonces_replayed_total')).toBe(5 * 79);
  });
});

describe('a gateway that is killed in mid-traffic', () => {
  it('refuses after its restart every call that it had accepted', async () => {
    await start({ fronts: { count: 2 } });
    const before = traffic(8);
    const accepted: PreparedCall[] = [];
    const enough = Promise.withResolvers<void>();
    const loops = Array.from({ length: 8 }, async () => {
      for (;;) {
        const call = before.sign(ECHO);
        // The loop ends with the process.
        const answer = await before.send(call).catch(() => undefined);
        if (answer === undefined) return;
        expect(answer.status).toBe(200);
        accepted.push(call);
        if (accepted.length === 200) enough.resolve();
      }
    });
    await enough.promise;
    expect(await gateway.end('SIGKILL')).toBe('SIGKILL');
    await Promise.all(loops);

    await gateway.boot();
    const after = traffic(8);
    expect((await after.call(ECHO)).status).toBe(200);
    const replays = await outcomes(after, accepted);
    expect(new Set(replays)).toEqual(new Set(['signature-replayed']));
  });

  it('does so after a clean stop as well', async () => {
    await start();
    const call = traffic().sign(ACCOUNTS);
    expect(await outcomes(traffic(), [call])).toEqual([200]);
    expect(await gateway.end()).toBe(0);
    await gateway.boot();
    expect(await outcomes(traffic(), [call])).toEqual(['signature-replayed']);
    expect((await traffic().call(ACCOUNTS)).status).toBe(200);
  });
});

describe('a gateway that has lost its state folder', () => {
  it('refuses what was signed before its start, and is ready when that is over', async () => {
    const [port, adminPort] = [await stablePort(), await stablePort()];
    await start({
      listener: { ...PUBLIC, port },
      admin: { port: adminPort },
      signatures: { clockSkewMs: 1_000 },
    });
    const early = traffic().sign(ACCOUNTS);
    expect(await gateway.end()).toBe(0);
    rmSync(gateway.files.stateDir, { recursive: true });

    let ready = false;
    const booted = gateway.boot().then(() => {
      ready = true;
    });
    const readyz = () => fetch(`${gateway.adminUrl}/readyz`).catch(() => undefined);
    await eventually(async () => (await readyz())?.status).toBe(503);
    const refused = await traffic().send(early);
    expect([refused.code, ready]).toEqual(['signature-expired', false]);
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    await booted;
    expect((await readyz())!.status).toBe(200);
    expect((await traffic().call(ACCOUNTS)).status).toBe(200);
    expect((await traffic().send(early)).code).toBe('signature-expired');
  });
});

describe('a second gateway on the same state folder', () => {
  it('does not start, and says why', async () => {
    await start();
    const { status, stderr } = await runCli(['start', '--config', gateway.files.configFile]);
    expect(status).toBe(1);
    expect(stderr).toMatch(
      /^xingyun: Another gateway process uses .*nonces\.lock: .*stateDir\.\n$/,
    );
    expect((await traffic().call(ACCOUNTS)).status).toBe(200);
  });
});
