import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import { writeBearerRecords } from '../../../bench/compare/bearer-tokens.ts';
import { type Probed, probeChecked, probePlain } from '../../../bench/compare/probe.ts';
import { writeSignedRecords } from '../../../bench/compare/signed-records.ts';

const PATH = '/public/v1/rates';
const BODY = '{"ok":true}';
const folder = mkdtempSync(join(tmpdir(), 'compare-probe-'));
const bearer = writeBearerRecords(join(folder, 'bearer'), PATH);
const signed = await writeSignedRecords(join(folder, 'signed'), {
  count: 3,
  validForMs: 60_000,
  signal: new AbortController().signal,
});

afterAll(() => rmSync(folder, { recursive: true }));

/** The Signature field of a signed request. */
function signatureOf(number: number): string {
  const { file, recordBytes } = signed;
  const record = readFileSync(file, 'latin1').slice(number * recordBytes);
  return /^signature: (.*)$/m.exec(record)![1]!.trim();
}

/** A forwarder that answers with the status that `judge` gives. */
async function forwarder(
  judge: (request: IncomingMessage, body: string) => number,
  body = BODY,
): Promise<Probed> {
  const server = createServer(async (request, response) => {
    let received = '';
    for await (const chunk of request) received += chunk;
    response.writeHead(judge(request, received), { 'content-length': body.length });
    response.end(body);
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return { port: (server.address() as AddressInfo).port, upstreamBody: BODY };
}

describe('probe of a forwarder', () => {
  it('passes one that forwards', async () => {
    await expect(probePlain(await forwarder(() => 200), PATH)).resolves.toBeUndefined();
  });

  it('finds one that does not forward, or answers by itself', async () => {
    const refusing = await forwarder(() => 404);
    await expect(probePlain(refusing, PATH)).rejects.toThrow('answered 404');
    const own = await forwarder(() => 200, '{"from":"cache"}');
    await expect(probePlain(own, PATH)).rejects.toThrow("not with the upstream's 200");
  });

  it('finds one that lets a forged token or signature pass', async () => {
    const open = await forwarder(() => 200);
    const forged = 'a forged signature is answered 200';
    await expect(probeChecked(open, 'bearer', bearer)).rejects.toThrow(forged);
    await expect(probeChecked(open, 'signed', signed)).rejects.toThrow(forged);
  });

  it('finds one that takes the same signed request twice', async () => {
    const first = signatureOf(0);
    const target = await forwarder(({ headers }) => (headers.signature === first ? 200 : 401));
    await expect(probeChecked(target, 'signed', signed)).rejects.toThrow('sent twice');
  });

  it('finds one that looks at the signature and not at the body', async () => {
    const seen = new Set<unknown>();
    const valid = [signatureOf(0), signatureOf(2)];
    const target = await forwarder(({ headers: { signature } }) => {
      const fresh = !seen.has(signature) && valid.includes(String(signature));
      seen.add(signature);
      return fresh ? 200 : 401;
    });
    await expect(probeChecked(target, 'signed', signed)).rejects.toThrow('an altered body');
  });
});
