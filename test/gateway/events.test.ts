/** Events from upstream systems at a real gateway's admin listener. */

import { statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDemoBank, type DemoBank } from '../../src/demo/bank/index.ts';
import { eventually } from '../support/eventually.ts';
import { TestGateway } from '../support/gateway.ts';

const EVENT = { topic: 'transfer-status', partner: 'nebula-pay', data: { status: 'completed' } };
const TRANSFER = {
  reference: 'R-1',
  fromAccountId: 'acc-nebula-pay-1',
  toAccountId: 'acc-ledgerworks-1',
  amount: { amountMinor: 1_000, currency: 'CNY' },
};

let bank: DemoBank;
let gateway: TestGateway;

beforeAll(async () => {
  bank = await createDemoBank();
  gateway = await TestGateway.start({ upstreamPort: bank.port, config: { fronts: { count: 2 } } });
});
afterAll(async () => {
  await gateway?.dispose();
  await bank.close();
});

interface Call {
  readonly token?: string | undefined;
  readonly method?: string;
}

/** Status and code of a publication that is no good. */
async function refusal(body: string, call: Call = {}): Promise<[number, string]> {
  const token = 'token' in call ? call.token : gateway.publisherToken;
  const headers: Record<string, string> = { 'content-type': 'application/json' };
  if (token !== undefined) headers.authorization = `Bearer ${token}`;
  const init = { method: call.method ?? 'POST', headers, body };
  const response = await fetch(`${gateway.adminUrl}/v1/events`, init);
  const { code } = (await response.json()) as { code: string };
  return [response.status, code];
}

describe('events', () => {
  it('are refused for token, form, size and the registry, and none of them is kept', async () => {
    const list = (more: object[] = []) =>
      JSON.stringify({ events: [{ ...EVENT, id: 'kept' }, ...more] });
    expect(await refusal(list(), { token: undefined })).toEqual([401, 'unauthorized']);
    expect(await refusal(list(), { token: 'wrong' })).toEqual([401, 'unauthorized']);
    expect(await refusal(list(), { method: 'PUT' })).toEqual([405, 'method-not-allowed']);
    expect(await refusal('{"events":[')).toEqual([400, 'malformed-request']);
    expect(await refusal('{}')).toEqual([400, 'malformed-request']);
    const large = { ...EVENT, id: 'large', data: 'x'.repeat(65_535) };
    expect(await refusal(list([large]))).toEqual([413, 'body-too-large']);
    for (const wrong of [{ topic: 'nothing' }, { partner: 'nobody' }, { topic: 'notices' }]) {
      const body = list([{ ...EVENT, id: 'wrong', ...wrong }]);
      expect(await refusal(body)).toEqual([422, 'event-invalid']);
    }
    expect((await gateway.journal()).head).toBe(0);
    expect(await gateway.metric('xingyun_event_publications_refused_total')).toBe(8);
  });

  it('have cursors that follow on each other, in a file for its owner alone', async () => {
    const receipts = await gateway.publish([
      { ...EVENT, id: 'first' },
      { topic: 'notices', id: 'second', data: null },
      { ...EVENT, id: 'first' },
    ]);
    const { journalId } = await gateway.journal();
    expect(receipts).toEqual([
      { id: 'first', cursor: `${journalId}.1`, duplicate: false },
      { id: 'second', cursor: `${journalId}.2`, duplicate: false },
      { id: 'first', cursor: `${journalId}.1`, duplicate: true },
    ]);
    const ofLedger = { ...EVENT, partner: 'ledgerworks' };
    const body = JSON.stringify({
      events: [
        { ...ofLedger, id: 'not-kept' },
        { ...ofLedger, id: 'first' },
      ],
    });
    expect(await refusal(body)).toEqual([422, 'event-invalid']);
    expect((await gateway.journal()).head).toBe(2);
    expect(statSync(join(gateway.files.stateDir, 'events.sqlite')).mode & 0o777).toBe(0o600);
  });

  it('of many publishers at once take fewer turns of the disk than publications', async () => {
    const [published, commits] = ['xingyun_events_published_total', 'xingyun_event_commits_total'];
    const before = [await gateway.metric(published), await gateway.metric(commits)] as const;
    let next = 0;
    const cursors = new Set<string>();
    const publishSome = async () => {
      while (next < 600) {
        const [receipt] = await gateway.publish([{ ...EVENT, id: `many-${next++}` }]);
        cursors.add(receipt!.cursor);
      }
    };
    await Promise.all(Array.from({ length: 50 }, publishSome));
    expect(cursors.size).toBe(600);
    expect((await gateway.metric(published)) - before[0]).toBe(600);
    expect((await gateway.metric(commits)) - before[1]).toBeLessThan(600);
  });

  it('are taken for a topic as soon as a reload of the registry brings it', async () => {
    const salary = { topic: 'salaries', partner: 'nebula-pay', id: 's-1', data: 1 };
    expect(await refusal(JSON.stringify({ events: [salary] }))).toEqual([422, 'event-invalid']);
    gateway.changeRegistry(registry => {
      registry.topics!.push({ id: 'salaries', name: 'Salaries', api: 'accounts' });
    });
    gateway.process!.kill('SIGHUP');
    await eventually(() => gateway.publish([salary]).catch(() => [])).toHaveLength(1);
  });

  it('are published by the demo bank for a transfer and a notice', async () => {
    const { head } = await gateway.journal();
    const tokenFile = gateway.files.publisherTokenFile;
    const outbox = bank.publishTo({ url: `${gateway.adminUrl}/v1/events`, tokenFile });
    const client = gateway.client();
    await client.request('POST', '/transfers/v1/transfers', TRANSFER);
    await client.request('POST', '/sandbox/v1/notices', { title: 'Maintenance' });
    await eventually(async () => (await gateway.journal()).head).toBe(head + 4);
    await eventually(() => outbox.length).toBe(0);
    expect([outbox.refused, outbox.dropped]).toEqual([0, 0]);
  });
});
