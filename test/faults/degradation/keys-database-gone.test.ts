/** PostgreSQL holds the idempotency keys of two gateways, and is killed and frozen. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { answerOf, type RawRequest, RawUpstream } from '../../data-plane/upstream/raw-upstream.ts';
import { eventually } from '../../support/eventually.ts';
import { TestGateway } from '../../support/gateway.ts';
import { addKeyedApi, order } from '../../support/keyed-api.ts';
import { ACCOUNTS, PartnerTraffic } from '../../support/partner-traffic.ts';
import { hasPostgres, PostgresServer } from '../../support/postgres.ts';

const STORE_TIMEOUT_MS = 500;

let server: PostgresServer;
let upstream: RawUpstream;
let folder: string;
const gateways: TestGateway[] = [];
const partners: PartnerTraffic[] = [];
let answer: (request: RawRequest) => void;
const good = ({ socket }: RawRequest) => socket.write(answerOf('{"ok":1}'));
const effects = () => upstream.requests.filter(({ head }) => head.startsWith('POST')).length;

// Where PostgreSQL is not installed.
describe.skipIf(!hasPostgres)('idempotency keys whose database', () => {
  beforeAll(async () => {
    server = await PostgresServer.start();
    upstream = new RawUpstream(request => answer(request));
    folder = mkdtempSync(join(tmpdir(), 'xingyun-keys-database-'));
    const postgresUrlFile = join(folder, 'postgres.url');
    writeFileSync(postgresUrlFile, `${await server.createDatabase()}\n`, { mode: 0o600 });
    const upstreamPort = await upstream.listen();
    for (let host = 0; host < 2; host++) {
      const gateway = await TestGateway.start({
        upstreamPort,
        config: {
          idempotency: { store: 'postgres', postgresUrlFile, storeTimeoutMs: STORE_TIMEOUT_MS },
        },
        registry: addKeyedApi,
      });
      gateways.push(gateway);
      partners.push(new PartnerTraffic(gateway, { connections: 2 }));
    }
  }, 60_000);
  afterAll(async () => {
    for (const partner of partners) await partner.close();
    for (const gateway of gateways) await gateway.dispose();
    await server?.dispose();
    await upstream?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const expectRefused = async (key: string) => {
    const refused = await order(partners[0]!, key);
    expect([refused.status, refused.code]).toEqual([503, 'idempotency-unavailable']);
    expect(refused.ms).toBeLessThan(STORE_TIMEOUT_MS + 2_000);
    answer = good;
    expect((await partners[0]!.call(ACCOUNTS)).status).toBe(200);
  };

  it('is there, knows them on every host', async () => {
    answer = good;
    const before = effects();
    const first = await order(partners[0]!, 'shared');
    const again = await order(partners[1]!, 'shared');
    expect([again.text, again.headers['idempotent-replayed']]).toEqual([first.text, 'true']);
    let finish = () => undefined as unknown;
    answer = request => {
      finish = () => good(request);
    };
    const slow = order(partners[0]!, 'slow');
    await eventually(effects).toBe(before + 2);
    expect((await order(partners[1]!, 'slow')).code).toBe('idempotency-in-flight');
    finish();
    expect((await slow).status).toBe(200);
    expect((await order(partners[1]!, 'slow')).status).toBe(200);
    expect(effects()).toBe(before + 2);
  });

  it('is killed, refuses calls with a key until it is back, and sends none twice', async () => {
    answer = good;
    await order(partners[0]!, 'before-kill');
    const before = effects();
    let finish = () => undefined as unknown;
    answer = request => {
      finish = () => good(request);
    };
    const under = order(partners[0]!, 'under-way');
    await eventually(effects).toBe(before + 1);
    await server.kill();
    finish();
    // The upstream's answer is better than none, and its key is not free.
    expect((await under).status).toBe(200);
    await expectRefused('killed');
    expect(effects()).toBe(before + 1);

    await server.boot();
    await eventually(async () => (await order(partners[0]!, 'killed')).status).toBe(200);
    expect((await order(partners[0]!, 'before-kill')).headers['idempotent-replayed']).toBe('true');
    expect((await order(partners[0]!, 'under-way')).code).toBe('idempotency-outcome-unknown');
    expect(effects()).toBe(before + 2);
    expect(await gateways[0]!.metric('xingyun_idempotency_answers_lost_total')).toBe(1);
  });

  it('is frozen, is the same, and what it does when it is thawed changes nothing', async () => {
    answer = good;
    await order(partners[0]!, 'before-freeze');
    const before = effects();
    server.freeze();
    await expectRefused('frozen');
    server.thaw();
    await eventually(async () => (await order(partners[0]!, 'frozen')).status).toBe(200);
    expect((await order(partners[0]!, 'frozen')).headers['idempotent-replayed']).toBe('true');
    expect(effects()).toBe(before + 1);
  });
});
