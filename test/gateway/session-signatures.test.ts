/** Messages with a signature of their own: operations that ask for one, and all others. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { contentDigest } from '../../src/client/request-signer.ts';
import { createDemoBank, type DemoBank } from '../../src/demo/bank/index.ts';
import { TestGateway } from '../support/gateway.ts';
import { ACCOUNTS, ECHO, PartnerTraffic } from '../support/partner-traffic.ts';
import {
  MSGPACK_PROTOCOL,
  OpenSessions,
  type RpcAnswer,
  type RpcSession,
  signed,
} from '../support/rpc-session.ts';

const JSON_TYPE = 'application/json';
const [OWN, SECOND, FOREIGN] = ['ledgerworks-p256', 'ledgerworks-p384', 'nebula-pay-rsa'] as const;
/** Spaces and digits that nothing may tidy up. */
const ORDER = '{ "amount" : 100000000000000000.10, "to":"acc-1" }';

let bank: DemoBank;
let gateway: TestGateway;
let session: RpcSession;
const sessions = new OpenSessions();

beforeAll(async () => {
  bank = await createDemoBank();
  gateway = await TestGateway.start({
    upstreamPort: bank.port,
    registry: ({ apis }) => {
      const sandbox = apis!.find(api => (api as { id: string }).id === 'sandbox') as object;
      Object.assign(sandbox, {
        openapi: undefined,
        operations: [
          { id: 'read', method: 'GET', path: '/echo', scopes: ['sandbox:use'] },
          {
            ...{ id: 'order', method: 'POST', path: '/echo', scopes: ['sandbox:use'] },
            messageSignature: 'required',
          },
        ],
      });
    },
  });
});
afterEach(() => sessions.close());
afterAll(async () => {
  await gateway?.dispose();
  await bank.close();
});

async function open(protocols?: readonly string[]): Promise<void> {
  session = await sessions.open(gateway, { keyId: OWN, ...(protocols && { protocols }) });
}

/** The fields of an order that this key signs. */
function sign(text = ORDER, keyId: string = OWN, path = ECHO): Record<string, string> {
  const body = Buffer.from(text);
  return signed(gateway, { method: 'POST', path, body, contentType: JSON_TYPE }, keyId);
}

function order(headers: object, text = ORDER, method = 'sandbox.order'): Promise<RpcAnswer> {
  const params = `{"headers":${JSON.stringify(headers)},"body":${text}}`;
  session.send(`{"jsonrpc":"2.0","id":"order","method":"${method}","params":${params}}`);
  return session.answerTo('order');
}

const outcome = ({ result, error }: RpcAnswer) => result?.status ?? error!.data.code;

describe('an operation that asks for a signature of its own', () => {
  it('is refused without one, over a session of an app that may call it', async () => {
    await open();
    const answer = await order({});
    expect(answer.error).toMatchObject({
      code: -32_000,
      data: { code: 'signature-missing', status: 401 },
    });
    const byPath = await session.request('POST', ECHO, { body: 1 });
    expect(outcome(byPath)).toBe('signature-missing');
  });

  it('takes one over the exact text of the body, and does not send it on', async () => {
    await open();
    const answer = await order(sign());
    expect(answer.result.body.body.bytes).toBe(Buffer.byteLength(ORDER));
    const names = answer.result.body.headers.map(({ name }: { name: string }) => name);
    expect(names).toContain('content-digest');
    expect(names).not.toContain('signature');
  });

  it('takes one of any active key of the app, and no other', async () => {
    await open();
    expect(outcome(await order(sign(ORDER, SECOND)))).toBe(200);
    expect(outcome(await order(sign(ORDER, FOREIGN)))).toBe('key-unknown');
  });

  it('takes each once, also where it came over HTTP before', async () => {
    await open();
    const headers = sign();
    expect(outcome(await order(headers))).toBe(200);
    expect(outcome(await order(headers))).toBe('signature-replayed');
    const http = new PartnerTraffic(gateway, { keyId: OWN });
    const call = http.sign(ECHO, { method: 'POST', body: ORDER });
    expect((await http.send(call)).status).toBe(200);
    const { 'content-type': _, ...fields } = call.headers;
    expect(outcome(await order(fields))).toBe('signature-replayed');
    await http.close();
  });

  it('refuses one over another body, however alike', async () => {
    await open();
    const tidied = JSON.stringify(JSON.parse(ORDER));
    expect(outcome(await order(sign(tidied)))).toBe('digest-mismatch');
    expect(
      outcome(await order({ ...sign(), 'content-digest': contentDigest(Buffer.from('x')) })),
    ).toBe('signature-invalid');
    const { 'content-digest': _, ...without } = sign();
    expect(outcome(await order(without))).toBe('digest-mismatch');
  });

  it('refuses one over another target, content type or key', async () => {
    await open();
    expect(outcome(await order(sign(ORDER, OWN, `${ECHO}?a=1`)))).toBe('signature-invalid');
    const typed = { ...sign(), 'content-type': 'application/jose' };
    expect(outcome(await order(typed))).toBe('signature-invalid');
    const renamed = sign();
    const input = renamed['signature-input']!.replace(OWN, 'nobody');
    expect(outcome(await order({ ...renamed, 'signature-input': input }))).toBe('key-unknown');
    const { signature: _, ...half } = sign();
    expect(outcome(await order(half))).toBe('signature-malformed');
  });

  it('over MessagePack takes one over the bytes of the body', async () => {
    await open([MSGPACK_PROTOCOL]);
    const answer = await session.call('sandbox.order', {
      headers: sign(),
      body: Buffer.from(ORDER),
    });
    expect(answer.result.status).toBe(200);
    const other = await session.call('sandbox.order', {
      headers: sign(),
      body: Buffer.from(`${ORDER} `),
    });
    expect(outcome(other)).toBe('digest-mismatch');
  });
});

describe('any other operation', () => {
  it('takes a signature and refuses one that is wrong', async () => {
    await open();
    const read = (headers: object) => session.call('sandbox.read', { headers });
    const headers = signed(gateway, { path: ECHO }, OWN);
    expect(outcome(await read(headers))).toBe(200);
    expect(outcome(await read(headers))).toBe('signature-replayed');
    expect(outcome(await read(signed(gateway, { path: ACCOUNTS }, OWN)))).toBe('signature-invalid');
    expect(outcome(await read(signed(gateway, { path: ECHO }, FOREIGN)))).toBe('key-unknown');
    expect(outcome(await read({}))).toBe(200);
  });
});
