/** Answers that are converted, for callers who ask for the head alone, leave, or read nothing. */
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RawRequest, RawUpstream } from '../data-plane/upstream/raw-upstream.ts';
import { TestGateway } from '../support/gateway.ts';
import { accessRecords } from '../support/gauges.ts';
import { PartnerTraffic } from '../support/partner-traffic.ts';
import { addPayloadApi, payloadPath } from '../support/payload-api.ts';
import { RawSocket } from '../support/raw-socket.ts';

const RESPOND_TIMEOUT_MS = 1_000;
/** More than the sockets of both sides hold. */
const LONG_BYTES = 12_000_000;
const WAIT = { timeout: 10_000 };

let upstream: RawUpstream;
let gateway: TestGateway;
let partner: PartnerTraffic;
let answerWith: (request: RawRequest) => void;

beforeAll(async () => {
  upstream = new RawUpstream(request => answerWith(request));
  gateway = await TestGateway.start({
    upstreamPort: await upstream.listen(),
    config: {
      limits: { respondTimeoutMs: RESPOND_TIMEOUT_MS },
      transform: { answerMaxBytes: 16_777_216 },
    },
    registry: registry => {
      const payload = { answer: { schema: { type: 'object' } } };
      addPayloadApi(registry, [
        { id: 'show', method: 'GET', payload },
        { id: 'make', payload },
        { id: 'once', payload, idempotency: 'required' },
      ]);
    },
  });
  partner = new PartnerTraffic(gateway);
});
afterAll(async () => {
  await partner?.close();
  await gateway?.dispose();
  await upstream?.close();
});

const answered = (body: string) => (request: RawRequest) => {
  request.socket.write(`HTTP/1.1 201 Created\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
};

function requestOf(id: string, method: string, fields = ''): string {
  const { path, headers } = partner.sign(payloadPath(id), { method });
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const host = Object.hasOwn(headers, 'host') ? '' : `host: ${new URL(gateway.url).host}\r\n`;
  const length = method === 'POST' ? 'content-length: 0\r\n' : '';
  return `${method} ${path} HTTP/1.1\r\n${host}${lines.join('')}${fields}${length}\r\n`;
}

/** Sends a signed call and reads nothing of its answer. */
function callUnread(id: string, method: string) {
  const socket = connect(gateway.port, '127.0.0.1').on('error', () => undefined);
  socket.pause();
  socket.write(requestOf(id, method));
  return socket;
}

describe('a converted answer', () => {
  it('to HEAD has the fields of the one to GET, and not the length of the bank’s', async () => {
    answerWith = ({ socket }) =>
      socket.write(
        'HTTP/1.1 200 OK\r\ncontent-type: application/xml\r\netag: "1"\r\n' +
          'content-length: 77\r\n\r\n',
      );
    const answer = await partner.call(payloadPath('show'), { method: 'HEAD' });
    expect([answer.status, answer.text]).toEqual([200, '']);
    const { etag, 'content-type': type, 'content-length': length } = answer.headers;
    expect([etag, type, length]).toEqual(['W/"1"', 'application/json', undefined]);
    answerWith = answered('{}');
    expect((await partner.call(payloadPath('show'))).status).toBe(201);
  });

  it('has no signature of the bytes that the bank sent', async () => {
    answerWith = ({ socket }) =>
      socket.write(
        'HTTP/1.1 200 OK\r\nsignature-input: a=("content-digest")\r\nsignature: a=:AA==:\r\n' +
          'x-jws-signature: e..s\r\ncontent-length: 2\r\n\r\n{}',
      );
    const { headers } = await partner.call(payloadPath('show'));
    expect(Object.keys(headers).filter(name => name.includes('signature'))).toEqual([]);
  });

  it('is in what any line of Accept says', async () => {
    answerWith = answered('{}');
    const socket = await RawSocket.open(gateway.port);
    socket.send(requestOf('show', 'GET', 'accept: text/csv\r\naccept: application/msgpack\r\n'));
    const { status, text } = await socket.until();
    expect([status, text]).toEqual([201, expect.stringContaining('application/vnd.msgpack')]);
    socket.socket.destroy();
  });

  it('without content is repeated without a length', async () => {
    answerWith = ({ socket }) => socket.write('HTTP/1.1 204 No Content\r\n\r\n');
    const headers = { 'idempotency-key': `key-${Math.random()}` };
    const make = () => partner.call(payloadPath('once'), { method: 'POST', body: '{}', headers });
    for (const replayed of [undefined, 'true']) {
      const answer = await make();
      expect([answer.status, answer.headers['content-length']]).toEqual([204, undefined]);
      expect(answer.headers['idempotent-replayed']).toBe(replayed);
    }
  });

  it('counts until its peer has taken it, and is cut where that reads nothing', async () => {
    answerWith = answered(JSON.stringify({ text: 'x'.repeat(LONG_BYTES) }));
    const timedOut = await gateway.metric('xingyun_respond_timed_out_total');
    const socket = callUnread('show', 'GET');
    await expect.poll(() => gateway.metric('xingyun_exchanges_in_flight'), WAIT).toBeGreaterThan(0);
    await expect
      .poll(() => gateway.metric('xingyun_respond_timed_out_total'), WAIT)
      .toBe(timedOut + 1);
    socket.destroy();
  });

  it('that its caller does not wait for is recorded with what the bank said', async () => {
    let begun: RawRequest | undefined;
    answerWith = request => {
      request.socket.write('HTTP/1.1 201 Created\r\ncontent-length: 2\r\n\r\n{');
      begun = request;
    };
    const socket = callUnread('make', 'POST');
    await expect.poll(() => begun, WAIT).toBeDefined();
    await new Promise(done => setTimeout(done, 100));
    socket.destroy();
    await new Promise(done => setTimeout(done, 100));
    begun!.socket.write('}');
    const requestId = /^x-request-id: (.*?)\r?$/m.exec(begun!.head)![1]!;
    expect(await accessRecords(gateway, requestId)).toMatchObject([{ status: 201 }]);
  });
});
