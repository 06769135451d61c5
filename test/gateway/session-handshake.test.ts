/** Who gets a session, and what everybody else is told before there is one. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createDemoBank, type DemoBank } from '../../src/demo/bank/index.ts';
import { eventually } from '../support/eventually.ts';
import { TestGateway } from '../support/gateway.ts';
import { ACCOUNTS, PartnerTraffic } from '../support/partner-traffic.ts';
import {
  JSON_PROTOCOL,
  MSGPACK_PROTOCOL,
  type OpenOptions,
  OpenSessions,
  refusal,
  signed,
} from '../support/rpc-session.ts';

const SESSIONS_PER_APP = 2;
const CROWDED = 'ledgerworks-p256';

let bank: DemoBank;
let gateway: TestGateway;
const sessions = new OpenSessions();

beforeAll(async () => {
  bank = await createDemoBank();
  gateway = await TestGateway.start({
    upstreamPort: bank.port,
    config: { webSocket: { connectionsPerAppMax: SESSIONS_PER_APP } },
    registry: ({ keys, apps }) => {
      const named = (list: unknown[], id: string) =>
        (list as { id: string; [option: string]: unknown }[]).find(one => one.id === id)!;
      named(keys!, 'stonebridge-capital-pss').revoked = true;
      named(apps!, 'huatong-supply-app').status = 'suspended';
    },
  });
});
afterEach(() => sessions.close());
afterAll(async () => {
  await gateway?.dispose();
  await bank.close();
});

const open = (options?: OpenOptions) => sessions.open(gateway, options);
const metric = (name: string) => gateway.metric(`xingyun_websocket_${name}`);

/** A signature as a browser offers it. */
function offered(headers: Record<string, string>): string[] {
  return ['signature-input', 'signature'].map(name => {
    return `xingyun.${name}.${Buffer.from(headers[name]!).toString('base64url')}`;
  });
}

describe('a handshake', () => {
  it.each([
    [[JSON_PROTOCOL], JSON_PROTOCOL],
    [[MSGPACK_PROTOCOL], MSGPACK_PROTOCOL],
    [[MSGPACK_PROTOCOL, JSON_PROTOCOL], MSGPACK_PROTOCOL],
    [['mqtt', 'xingyun.v2+json', JSON_PROTOCOL, MSGPACK_PROTOCOL], JSON_PROTOCOL],
  ])('that offers %j gets %s', async (protocols, chosen) => {
    const session = await open({ protocols });
    expect(session.socket.protocol).toBe(chosen);
    expect(session.socket.extensions).toBe('');
    expect((await session.request('GET', ACCOUNTS)).result.status).toBe(200);
  });

  it('may bring its signature in subprotocols, which are never selected', async () => {
    const headers = signed(gateway, { path: '/ws' });
    const session = await open({
      headers: {},
      protocols: [...offered(headers), MSGPACK_PROTOCOL, JSON_PROTOCOL],
    });
    expect(session.socket.protocol).toBe(MSGPACK_PROTOCOL);
    expect((await session.request('GET', ACCOUNTS)).result.status).toBe(200);
  });

  it('may bring a query, which its signature covers', async () => {
    const session = await open({ path: '/ws?region=east' });
    expect((await session.request('GET', ACCOUNTS)).result.status).toBe(200);
    const headers = signed(gateway, { path: '/ws' });
    expect(await refusal(gateway, { path: '/ws?region=east', headers })).toMatchObject({
      code: 'signature-invalid',
    });
  });

  it.each([
    ['huatong-supply-hmac', 403, 'app-inactive'],
    ['stonebridge-capital-pss', 401, 'key-inactive'],
  ])('with %s is refused with %i %s', async (keyId, status, code) => {
    expect(await refusal(gateway, { keyId })).toMatchObject({ status, code });
  });
});

describe('a handshake is refused, and no session is opened,', () => {
  const refused: Record<string, () => readonly [OpenOptions, number, string]> = {
    'where it is not signed': () => [{ headers: {} }, 401, 'signature-missing'],
    'where it offers no subprotocol': () => [{ protocols: [] }, 400, 'subprotocol-unsupported'],
    'where it offers others': () => [
      { protocols: ['mqtt', 'XINGYUN.V1+JSON'] },
      400,
      'subprotocol-unsupported',
    ],
    'where the signature is of another method': () => [
      { headers: signed(gateway, { path: '/ws', method: 'POST' }) },
      401,
      'signature-invalid',
    ],
    'where the signature is of another path': () => [
      { headers: signed(gateway, { path: ACCOUNTS }) },
      401,
      'signature-invalid',
    ],
    'where it was signed too long ago': () => {
      const created = Math.floor(Date.now() / 1_000) - 3_600;
      return [{ headers: signed(gateway, { path: '/ws', created }) }, 401, 'signature-expired'];
    },
    'where it is of tomorrow': () => {
      const created = Math.floor(Date.now() / 1_000) + 86_400;
      return [{ headers: signed(gateway, { path: '/ws', created }) }, 401, 'signature-expired'];
    },
    'where nobody has the key': () => {
      const headers = signed(gateway, { path: '/ws' });
      const input = headers['signature-input']!.replace('nebula-pay-rsa', 'nobody');
      return [{ headers: { ...headers, 'signature-input': input } }, 401, 'key-unknown'];
    },
    'where another key was named': () => {
      const headers = signed(gateway, { path: '/ws' }, 'ledgerworks-p256');
      const input = headers['signature-input']!.replace('ledgerworks-p256', 'ledgerworks-p384');
      const all = { ...headers, 'signature-input': input };
      return [{ headers: all }, 401, 'signature-algorithm'];
    },
    'where the fields cannot be parsed': () => {
      const headers = signed(gateway, { path: '/ws' });
      return [{ headers: { ...headers, signature: 'sig=::::' } }, 400, 'signature-malformed'];
    },
    'where half of the signature is offered': () => [
      {
        headers: {},
        protocols: [JSON_PROTOCOL, offered(signed(gateway, { path: '/ws' }))[0]!],
      },
      400,
      'signature-malformed',
    ],
  };

  it.each(Object.entries(refused))('%s', async (_, make) => {
    const [options, status, code] = make();
    const opened = await metric('sessions_opened_total');
    expect(await refusal(gateway, options)).toMatchObject({ status, code });
    expect(await metric('sessions_opened_total')).toBe(opened);
  });

  it('where it is none, with what the path speaks', async () => {
    const headers = signed(gateway, { path: '/ws' });
    const answer = await fetch(`${gateway.url}/ws`, {
      headers: { ...headers, connection: 'close' },
    });
    expect(answer.status).toBe(426);
    expect(answer.headers.get('upgrade')).toBe('websocket');
    expect(answer.headers.get('sec-websocket-version')).toBe('13');
    expect(await answer.json()).toMatchObject({ code: 'upgrade-required' });
    // It was looked at before the signature, whose nonce is still good.
    await open({ headers });
  });

  it('where its nonce was used, in whichever way it comes', async () => {
    const headers = signed(gateway, { path: '/ws' });
    await open({ headers });
    expect(await refusal(gateway, { headers })).toMatchObject({
      status: 401,
      code: 'signature-replayed',
    });
    const protocols = [JSON_PROTOCOL, ...offered(headers)];
    expect(await refusal(gateway, { headers: {}, protocols })).toMatchObject({
      code: 'signature-replayed',
    });
  });

  it('where the app has as many sessions as it may, until it closes one', async () => {
    const [first] = [await open({ keyId: CROWDED }), await open({ keyId: 'ledgerworks-p384' })];
    const refused = await refusal(gateway, { keyId: CROWDED });
    expect(refused).toMatchObject({ status: 503, code: 'too-many-connections' });
    expect(refused!.headers['retry-after']).toBe('1');
    // Another app is not concerned, and neither are calls over HTTP.
    await open();
    const traffic = new PartnerTraffic(gateway, { keyId: CROWDED });
    expect((await traffic.call(ACCOUNTS)).status).toBe(200);
    await traffic.close();
    await first.close();
    await eventually(async () => (await refusal(gateway, { keyId: CROWDED }))?.code).toBe(
      undefined,
    );
  });
});

describe('a handshake that was refused', () => {
  it('leaves a connection that is good for calls', async () => {
    const traffic = new PartnerTraffic(gateway);
    const headers = signed(gateway, { path: '/ws' });
    const answer = await traffic.send({ method: 'GET', path: '/ws', headers, body: undefined });
    expect(answer).toMatchObject({ status: 426, code: 'upgrade-required' });
    expect((await traffic.call(ACCOUNTS)).status).toBe(200);
    await traffic.close();
  });
});

describe('sessions that are over', () => {
  it('are neither counted as open nor held as connections', async () => {
    const before = await metric('sessions_opened_total');
    const opened = [await open(), await open()];
    expect(await metric('sessions_open')).toBe(2);
    await opened[0]!.close();
    opened[1]!.socket.terminate();
    await eventually(() => metric('sessions_open')).toBe(0);
    await eventually(() => gateway.metric('xingyun_connections_open')).toBe(0);
    expect(await metric('sessions_opened_total')).toBe(before + 2);
    expect(await metric('sessions_closed_total')).toBe(0);
  });
});
