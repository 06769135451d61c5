/** Large answers, slow readers, and readers that stop. */
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type IncomingMessage, type RequestOptions, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRequestSigner } from '../../src/client/index.ts';
import { makeCertificates } from '../data-plane/upstream/certificates.ts';
import { TestGateway } from '../support/gateway.ts';
import { accessRecords, expectIdle, residentBytes } from '../support/gauges.ts';
import { hashOfStream, StreamingUpstream } from '../support/streaming-upstream.ts';

/** For what comes in its own time, on a busy machine too. */
const WAIT = { timeout: 10_000 };

const MB = 1_000_000;
const GROWTH_MAX_BYTES = 40 * MB;
const RESPOND_TIMEOUT_MS = 1_500;
/** A slow reader rests for a moment after each of these. */
const SIP_BYTES = 8 * MB;

const certificates = makeCertificates();
const folder = mkdtempSync(join(tmpdir(), 'streaming-'));
let upstream: StreamingUpstream;
let plain: TestGateway;
let secure: TestGateway;

beforeAll(async () => {
  upstream = new StreamingUpstream();
  const upstreamPort = await upstream.listen();
  const limits = { respondTimeoutMs: RESPOND_TIMEOUT_MS };
  const certFile = join(folder, 'cert.pem');
  const keyFile = join(folder, 'key.pem');
  writeFileSync(certFile, certificates.server.cert);
  writeFileSync(keyFile, certificates.server.key);
  plain = await TestGateway.start({ upstreamPort, config: { limits } });
  const tls = { certFile, keyFile, clientCertificate: 'off' as const };
  secure = await TestGateway.start({ upstreamPort, config: { limits, listener: { tls } } });
});

afterAll(async () => {
  await plain?.dispose();
  await secure?.dispose();
  await upstream?.close();
  rmSync(folder, { recursive: true });
});

interface Wanted {
  readonly bytes: number;
  readonly framing: string;
  readonly method?: string;
}

/** Resolves with the answer's head; its body is paused. */
function open(gateway: TestGateway, { bytes, framing, method = 'GET' }: Wanted) {
  const targetUri = `${gateway.url}/sandbox/v1/echo?bytes=${bytes}&framing=${framing}`;
  const signed = createRequestSigner(gateway.credentials()).sign({ method, targetUri });
  const options: RequestOptions & { ca: string } = {
    method,
    headers: { ...signed, ...(method === 'POST' ? { 'content-length': '0' } : {}) },
    agent: false,
    ca: certificates.ca,
  };
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const request = gateway.url.startsWith('https') ? requestHttps : requestHttp;
  request(targetUri, options, resolve).once('error', reject).end();
  return promise;
}

/** Resolves when the upstream has not got rid of a byte for a while: everything is full. */
async function untilUpstreamWaits(): Promise<void> {
  let before = -1;
  while (before !== upstream.sentBytes) {
    before = upstream.sentBytes;
    await new Promise(done => setTimeout(done, 100));
  }
}

async function readSlowly(answer: IncomingMessage, onSip: () => void): Promise<string> {
  const hash = createHash('sha256');
  let sip = 0;
  for await (const chunk of answer) {
    hash.update(chunk as Buffer);
    sip += (chunk as Buffer).length;
    if (sip < SIP_BYTES) continue;
    sip = 0;
    onSip();
    await new Promise(done => setTimeout(done, 5));
  }
  return hash.digest('hex');
}

describe.each([
  ['plain', 'length', 300 * MB],
  ['plain', 'chunked', 300 * MB],
  ['secure', 'length', 100 * MB],
  ['secure', 'chunked', 100 * MB],
])('a large answer on a %s listener with %s framing', (listener, framing, bytes) => {
  it('reaches a slow reader whole and costs no memory', { timeout: 60_000 }, async () => {
    const gateway = listener === 'plain' ? plain : secure;
    await readSlowly(await open(gateway, { bytes: 20 * MB, framing }), () => undefined);
    const before = residentBytes(gateway);
    const sentBefore = upstream.sentBytes;
    const answer = await open(gateway, { bytes, framing });
    await untilUpstreamWaits();
    // Kernel buffers on both sides of the gateway, and what this process reads ahead.
    expect(upstream.sentBytes - sentBefore).toBeLessThan(30 * MB);
    let most = residentBytes(gateway);
    const hash = await readSlowly(answer, () => {
      most = Math.max(most, residentBytes(gateway));
    });
    expect(hash).toBe(hashOfStream(bytes));
    expect(most - before).toBeLessThan(GROWTH_MAX_BYTES);
    const expected = framing === 'length' ? String(bytes) : undefined;
    expect(answer.headers['content-length']).toBe(expected);
    await expectIdle(gateway);
  });
});

describe.each([
  ['plain', 'length'],
  ['plain', 'chunked'],
  ['secure', 'length'],
  ['secure', 'chunked'],
])('a reader that stops on a %s listener with %s framing', (listener, framing) => {
  const gatewayOf = () => (listener === 'plain' ? plain : secure);

  it('is cut after respondTimeoutMs and its upstream request cancelled', async () => {
    const gateway = gatewayOf();
    const cutBefore = upstream.cutAnswers;
    const timedOut = await gateway.metric('xingyun_respond_timed_out_total');
    const answer = await open(gateway, { bytes: 200 * MB, framing });
    await untilUpstreamWaits();
    await expect
      .poll(() => gateway.metric('xingyun_respond_timed_out_total'), WAIT)
      .toBe(timedOut + 1);
    await expect.poll(() => upstream.cutAnswers, WAIT).toBe(cutBefore + 1);
    await expect.poll(() => gateway.metric('xingyun_upstream_connections_open'), WAIT).toBe(0);
    const [record] = await accessRecords(gateway, answer.headers['x-request-id'] as string);
    expect(record).toMatchObject({ status: 200, aborted: true });
    expect(record!.responseBytes).toBeLessThan(30 * MB);
    answer.destroy();
    await expectIdle(gateway);
  });

  it('is cut, and its POST finished with the upstream', async () => {
    const gateway = gatewayOf();
    const bytes = 60 * MB;
    const cutBefore = upstream.cutAnswers;
    const sentBefore = upstream.sentBytes;
    const answer = await open(gateway, { bytes, framing, method: 'POST' });
    await expect.poll(() => upstream.sentBytes - sentBefore, WAIT).toBe(bytes);
    expect(upstream.cutAnswers).toBe(cutBefore);
    const [record] = await accessRecords(gateway, answer.headers['x-request-id'] as string);
    expect(record).toMatchObject({ method: 'POST', status: 200, aborted: true });
    answer.destroy();
    await expectIdle(gateway);
  });
});
