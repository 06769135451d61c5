/** What must return to its start when a test's calls are over. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { TestGateway } from './gateway.ts';

const GAUGES = [
  'xingyun_exchanges_in_flight',
  'xingyun_body_buffered_bytes',
  'xingyun_connections_open',
  'xingyun_upstream_requests_queued',
  'xingyun_verify_queue_length',
] as const;

/** Waits until nothing is in flight, held or open any more. */
export async function expectIdle(gateway: TestGateway): Promise<void> {
  for (const name of GAUGES) {
    await expect.poll(() => gateway.metric(name), { timeout: 10_000, message: name }).toBe(0);
  }
  expect(gateway.process?.exitCode).toBeNull();
}

/** Resident memory of the gateway process in bytes. */
export function residentBytes(gateway: TestGateway): number {
  const status = readFileSync(`/proc/${gateway.process!.pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)![1]) * 1_024;
}

export interface AccessRecord {
  readonly requestId: string;
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly code?: string;
  readonly aborted: boolean;
  readonly attempts: number;
  readonly requestBytes: number;
  readonly responseBytes: number;
}

/** What the access log holds of a request; it is written some time after the exchange. */
export async function accessRecords(
  gateway: TestGateway,
  requestId: string,
  count = 1,
): Promise<AccessRecord[]> {
  const read = () =>
    readFileSync(join(gateway.files.dir, 'access.log'), 'utf8')
      .split('\n')
      .filter(line => line.includes(`"requestId":"${requestId}"`))
      .map(line => JSON.parse(line) as AccessRecord);
  await expect.poll(() => read().length, { timeout: 10_000 }).toBeGreaterThanOrEqual(count);
  return read();
}
