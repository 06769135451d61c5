/** Tells the registry of the demonstration where its bank listens, should that have changed. */
import { BANK_HOST, type BankPorts, bankUpstreams } from '../demo/bank-ports.ts';
import { type AdminOptions, adminJson } from './admin-client.ts';

interface Upstreams {
  readonly items: readonly { readonly id: string; readonly url?: string }[];
}

const TIMEOUT_MS = 5_000;
const REASON = encodeURIComponent('The demo bank listens on another port.');

/**
 * An upstream that leads elsewhere than to this machine, or is gone, was changed on purpose.
 *
 * @throws CommandFailure where the admin listener refuses or does not answer
 */
export async function pointAtBank(admin: AdminOptions, ports: BankPorts): Promise<void> {
  const path = '/v1/upstreams';
  const { items } = await adminJson<Upstreams>(admin, {
    path: `${path}?limit=1000`,
    timeoutMs: TIMEOUT_MS,
  });
  for (const { id, url } of bankUpstreams(ports)) {
    const known = items.find(upstream => upstream.id === id)?.url;
    if (known === url || !known?.startsWith(`http://${BANK_HOST}:`)) continue;
    await adminJson(admin, {
      ...{ method: 'PATCH', path: `${path}/${id}?reason=${REASON}&wait=${TIMEOUT_MS}` },
      ...{ body: { url }, headers: { 'if-match': '*' }, timeoutMs: 2 * TIMEOUT_MS },
    });
  }
}
