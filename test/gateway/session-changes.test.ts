/** What sessions lose when the registry changes, and how they end when their front drains. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { generateKey } from '../../src/client/key-files.ts';
import { createDemoBank, type DemoBank } from '../../src/demo/bank/index.ts';
import { eventually } from '../support/eventually.ts';
import { type GatewayOptions, TestGateway } from '../support/gateway.ts';
import { accessRecords } from '../support/gauges.ts';
import { ACCOUNTS, ECHO } from '../support/partner-traffic.ts';
import { isListening } from '../support/processes.ts';
import { OpenSessions, type RpcAnswer, type RpcSession } from '../support/rpc-session.ts';

type Registry = Record<string, Record<string, unknown>[]>;

const NEBULA = 'nebula-pay-rsa';
const [LEDGER, LEDGER_SECOND] = ['ledgerworks-p256', 'ledgerworks-p384'] as const;
const CREDIT = 'creditlens-ed25519';
const HUATONG = 'huatong-supply-hmac';
const STONE = 'stonebridge-capital-pss';
const POLICY_VIOLATION = 1008;

let bank: DemoBank;
const sessions = new OpenSessions();
const gateways: TestGateway[] = [];

beforeAll(async () => {
  bank = await createDemoBank();
});
afterEach(() => sessions.close());
afterAll(async () => {
  for (const one of gateways) await one.dispose();
  await bank.close();
});

async function start(config: GatewayOptions['config'] = {}): Promise<TestGateway> {
  const started = await TestGateway.start({ upstreamPort: bank.port, config });
  gateways.push(started);
  return started;
}

const outcome = ({ result, error }: RpcAnswer) => error?.data.code ?? result.status;
const named = (list: Record<string, unknown>[], id: string) => list.find(one => one.id === id)!;

describe('a change of the registry', () => {
  let gateway: TestGateway;
  /** Stays open through all of it: its app is nobody's concern here. */
  let bystander: RpcSession;

  beforeAll(async () => {
    gateway = await start({ fronts: { count: 2 } });
    bystander = await new OpenSessions().open(gateway, { keyId: NEBULA });
  });
  afterEach(async () => {
    expect(outcome(await bystander.request('GET', ACCOUNTS))).toBe(200);
    expect(bystander.inbox).toEqual([]);
  });
  afterAll(() => bystander.close());

  const open = (keyId: string) => sessions.open(gateway, { keyId });

  async function change(change: (registry: Registry) => void): Promise<void> {
    const served = async () => {
      const info = await (await fetch(`${gateway.adminUrl}/v1/info`)).json();
      return (info as { snapshotVersion: number }).snapshotVersion;
    };
    const version = await served();
    gateway.changeRegistry(registry => change(registry as Registry));
    gateway.process!.kill('SIGHUP');
    await eventually(served).toBe(version + 1);
  }

  it('that revokes a key closes its sessions and no others of the app', async () => {
    const [lost, kept] = [await open(LEDGER), await open(LEDGER_SECOND)];
    await change(({ keys }) => {
      named(keys!, LEDGER).revoked = true;
    });
    expect(await lost.closed).toEqual({ code: POLICY_VIOLATION, reason: 'key-inactive' });
    expect(outcome(await kept.request('GET', ACCOUNTS))).toBe(200);
  });

  it('that puts another key under the same id closes what the old one opened', async () => {
    const session = await open(LEDGER_SECOND);
    await change(({ keys }) => {
      const key = named(keys!, LEDGER_SECOND);
      delete key.publicKeyFile;
      key.publicKey = generateKey('ecdsa-p384-sha384').publicText;
    });
    expect(await session.closed).toEqual({ code: POLICY_VIOLATION, reason: 'key-unknown' });
  });

  it('that takes a key away closes its sessions', async () => {
    const session = await open(STONE);
    await change(registry => {
      registry.keys = registry.keys!.filter(({ id }) => id !== STONE);
    });
    expect(await session.closed).toEqual({ code: POLICY_VIOLATION, reason: 'key-unknown' });
  });

  it('that ends a subscription or a scope takes those operations and nothing else', async () => {
    const session = await open(HUATONG);
    const balances = () =>
      session.call('accounts.getBalances', { path: { accountId: 'acc-huatong-supply-1' } });
    const echo = () => session.call('sandbox.getEcho');
    expect([outcome(await balances()), outcome(await echo())]).toEqual([200, 200]);
    await change(({ subscriptions }) => {
      const own = subscriptions!.find(({ app, product }) => {
        return app === 'huatong-supply-app' && product === 'account-information';
      })!;
      own.scopes = ['accounts:read'];
    });
    expect(outcome(await balances())).toBe('scope-insufficient');
    expect(outcome(await session.request('GET', ACCOUNTS))).toBe(200);
    await change(registry => {
      registry.subscriptions = registry.subscriptions!.filter(({ app, product }) => {
        return app !== 'huatong-supply-app' || product !== 'sandbox';
      });
    });
    expect(outcome(await echo())).toBe('not-subscribed');
    expect(outcome(await session.request('GET', ACCOUNTS))).toBe(200);
  });

  it('that suspends an app closes its sessions, as if their peers had left', async () => {
    const session = await open(CREDIT);
    const headers = { 'x-request-id': 'cut-by-suspension' };
    session.notify('call', { method: 'POST', path: `${ECHO}?demo-delay-ms=1000`, headers });
    await eventually(() => gateway.metric('xingyun_exchanges_in_flight')).toBe(1);
    await change(({ apps }) => {
      named(apps!, 'creditlens-app').status = 'suspended';
    });
    expect(await session.closed).toEqual({ code: POLICY_VIOLATION, reason: 'app-inactive' });
    expect(await accessRecords(gateway, 'cut-by-suspension')).toMatchObject([
      { status: 200, aborted: true },
    ]);
  });

  it('that suspends a partner closes the sessions of its apps', async () => {
    const session = await open(HUATONG);
    await change(({ partners }) => {
      named(partners!, 'huatong-supply').status = 'suspended';
    });
    expect(await session.closed).toEqual({ code: POLICY_VIOLATION, reason: 'app-inactive' });
  });

  it('that concerns others leaves a session as it is', async () => {
    await change(({ partners }) => {
      named(partners!, 'stonebridge-capital').name = 'Renamed';
    });
    expect(outcome(await bystander.request('GET', ACCOUNTS))).toBe(200);
  });

  it('that is refused leaves all sessions as they are', async () => {
    gateway.log = '';
    gateway.changeRegistry(registry => {
      registry.nonsense = [];
    });
    gateway.process!.kill('SIGHUP');
    await eventually(() => gateway.log).toContain('The new registry was refused');
    gateway.changeRegistry(registry => {
      delete registry.nonsense;
    });
  });

  it('that lets a key expire closes its sessions when that time has come', async () => {
    await change(({ apps }) => {
      named(apps!, 'creditlens-app').status = 'active';
    });
    const session = await open(CREDIT);
    await change(({ keys }) => {
      named(keys!, CREDIT).notAfter = new Date(Date.now() + 2_500).toISOString();
    });
    expect(outcome(await session.request('GET', ACCOUNTS))).toBe(200);
    expect(await session.closed).toEqual({ code: POLICY_VIOLATION, reason: 'key-inactive' });
  });

  it('has closed as many sessions as it should', async () => {
    expect(await gateway.metric('xingyun_websocket_sessions_revoked_total')).toBe(6);
    await eventually(() => gateway.metric('xingyun_websocket_sessions_open')).toBe(1);
  });
});

describe('a front that drains', () => {
  it('asks sessions to move, takes their calls, and ends when they have left', async () => {
    const gateway = await start({ shutdown: { drainTimeoutMs: 30_000 } });
    const [first, second] = [await sessions.open(gateway), await sessions.open(gateway)];
    const slow = first.request('POST', `${ECHO}?demo-delay-ms=400`, { body: 1 });
    await eventually(() => gateway.metric('xingyun_exchanges_in_flight')).toBe(1);
    const ended = gateway.end('SIGTERM');
    for (const session of [first, second]) {
      expect(await session.notification('goaway')).toEqual({
        deadlineMs: 30_000,
        reason: 'draining',
      });
    }
    await eventually(() => isListening(gateway.port)).toBe(false);
    expect(outcome(await second.request('GET', ACCOUNTS))).toBe(200);
    expect(outcome(await slow)).toBe(200);
    expect((await first.close()).code).toBe(1000);
    expect(outcome(await second.request('GET', ACCOUNTS))).toBe(200);
    await second.close();
    expect(await ended).toBe(0);
    expect(gateway.log).not.toMatch(/"level":[56]0/);
  });

  it('closes at its deadline who has not moved, with 1001 and behind their answers', async () => {
    const gateway = await start({ shutdown: { drainTimeoutMs: 600 } });
    const session = await sessions.open(gateway);
    const idle = await sessions.open(gateway);
    const ended = gateway.end('SIGTERM');
    expect(await session.notification('goaway')).toMatchObject({ deadlineMs: 600 });
    const answered = session.request('GET', `${ECHO}?demo-delay-ms=100`);
    const hanging = session.request('GET', `${ECHO}?demo-fault=hang`);
    expect(outcome(await answered)).toBe(200);
    for (const one of [session, idle]) {
      expect(await one.closed).toEqual({ code: 1001, reason: 'goaway' });
    }
    await expect(hanging).rejects.toThrow('1001');
    expect(await ended).toBe(0);
  });
});
