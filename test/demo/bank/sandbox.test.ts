import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CheckedBank } from './checked-bank.ts';

const ECHO = '/sandbox/v1/echo';
const HEADERS = { 'x-xingyun-partner': 'nebula-pay' };
let bank: CheckedBank;

beforeAll(async () => {
  bank = await CheckedBank.start();
});
afterAll(() => bank.bank.close());

/** Everything that the bank writes until it closes the connection. */
async function readRaw(path: string): Promise<{ text: string; failed: string | undefined }> {
  const socket = connect(bank.bank.port, '127.0.0.1');
  const chunks: Buffer[] = [];
  let failed: string | undefined;
  socket.on('data', chunk => chunks.push(chunk));
  socket.on('error', (error: NodeJS.ErrnoException) => {
    failed = error.code;
  });
  socket.write(
    `GET ${path} HTTP/1.1\r\nhost: b\r\nconnection: close\r\nx-xingyun-partner: nebula-pay\r\n\r\n`,
  );
  await once(socket, 'close').catch(() => undefined);
  return { text: Buffer.concat(chunks).toString('latin1'), failed };
}

describe('the echo', () => {
  it('shows what arrived', async () => {
    const { body } = await bank.call('GET', `${ECHO}?b=2&a=1?`);
    expect(body).toMatchObject({ method: 'GET', path: ECHO, query: '?b=2&a=1?' });
    expect(body.headers).toContainEqual({ name: 'x-xingyun-partner', value: 'nebula-pay' });
  });

  it.each([0, 1, 300_000])('digests a body of %i bytes of any type', async size => {
    const bytes = Buffer.alloc(size, 'x');
    const headers = { ...HEADERS, 'content-type': 'application/x-odd' };
    const response = await fetch(bank.url(ECHO), { method: 'POST', headers, body: bytes });
    const sha256 = createHash('sha256').update(bytes).digest('base64');
    expect(await response.json()).toMatchObject({ method: 'POST', body: { bytes: size, sha256 } });
  });

  it.each(['length', 'chunked'])('answers a given size framed by %s', async framing => {
    for (const size of [0, 1, 65_536, 1_000_001]) {
      const query = `demo-size-bytes=${size}&demo-framing=${framing}`;
      const response = await fetch(bank.url(`${ECHO}?${query}`), { headers: HEADERS });
      const bytes = new Uint8Array(await response.arrayBuffer());
      expect(bytes).toHaveLength(size);
      expect(bytes.every((byte, index) => byte === index % 256)).toBe(true);
      const expected = framing === 'length' ? String(size) : null;
      expect(response.headers.get('content-length')).toBe(expected);
    }
  });
});

describe('a notice', () => {
  const NOTICES = '/sandbox/v1/notices';

  it('is refused where the bank publishes nothing', async () => {
    const { status, body } = await bank.call('POST', NOTICES, { title: 'Maintenance' });
    expect([status, body.code]).toEqual([409, 'events-off']);
  });

  it.each([{}, { title: '' }, { title: 'x', more: 1 }, { title: 'x'.repeat(201) }])(
    'is refused where it does not follow the document: %j',
    async order => {
      const { status, body } = await bank.call('POST', NOTICES, order);
      expect([status, body.code]).toEqual([400, 'body-invalid']);
    },
  );
});

describe('HEAD', () => {
  it.each([
    ['/accounts/v1/accounts', /^\d{2,}$/],
    [`${ECHO}?demo-size-bytes=2000000000`, /^2000000000$/],
  ])('announces the length of %s', async (path, length) => {
    const response = await fetch(bank.url(path), { method: 'HEAD', headers: HEADERS });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-length')).toMatch(length);
  });
});

describe('faults', () => {
  it('delay an answer', async () => {
    const start = performance.now();
    await bank.call('GET', '/accounts/v1/accounts?demo-delay-ms=120');
    expect(performance.now() - start).toBeGreaterThanOrEqual(118);
  });

  it.each([400, 503, 599])('answer with status %i', async status => {
    const answer = await bank.call('GET', `${ECHO}?demo-fault=status-${status}`);
    expect([answer.status, answer.body.code]).toEqual([status, 'fault-injected']);
    expect(answer.headers.get('retry-after')).toBe(status === 503 ? '1' : null);
  });

  it('reset the connection', async () => {
    expect(await readRaw(`${ECHO}?demo-fault=reset`)).toEqual({ text: '', failed: 'ECONNRESET' });
  });

  it('send what is not HTTP', async () => {
    const { text } = await readRaw(`${ECHO}?demo-fault=malformed`);
    expect(text).toMatch(/^HTTP\/1\.1 2O0 /);
  });

  it('close in the middle of a body', async () => {
    const { text } = await readRaw(`${ECHO}?demo-fault=close-mid-body`);
    expect(text).toContain('content-length: 1000');
    expect(text.split('\r\n\r\n')[1]).toHaveLength(500);
  });

  it('dribble a body', async () => {
    const response = await fetch(bank.url(`${ECHO}?demo-fault=slow-body`), { headers: HEADERS });
    let chunks = 0;
    for await (const _chunk of response.body!) chunks += 1;
    expect(chunks).toBeGreaterThan(5);
  });

  it('hang, until the bank closes', async () => {
    const other = await CheckedBank.start();
    const arrived = fetch(other.url(`${ECHO}?demo-fault=hang`), { headers: HEADERS });
    const outcome = arrived.then(
      () => 'answered',
      () => 'cut',
    );
    await other.call('GET', ECHO);
    await other.bank.close();
    expect(await outcome).toBe('cut');
  });

  it.each([
    'demo-fault=odd',
    'demo-fault=status-200',
    'demo-fault=reset&demo-fault=hang',
    'demo-delay-ms=-1',
    'demo-delay-ms=60001',
    'demo-size-bytes=x',
    'demo-size-bytes=9999999999',
    'demo-size-bytes=1&demo-framing=odd',
  ])('refuse %s', async query => {
    const { status, body } = await bank.call('GET', `${ECHO}?${query}`);
    expect([status, body.code]).toEqual([400, 'parameter-invalid']);
  });
});
