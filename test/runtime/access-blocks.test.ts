import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Config } from '../../src/core/config.ts';
import { CounterSet } from '../../src/core/counters.ts';
import { AccessBlocks } from '../../src/runtime/access-blocks.ts';
import { findRequests } from '../../src/telemetry/find-requests.ts';
import { FrontTelemetry } from '../../src/telemetry/front-telemetry.ts';
import type { ProcessLog } from '../../src/telemetry/process-log.ts';
import { blockOf } from '../telemetry/record-blocks.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'access-blocks-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function open(config: Partial<Config['telemetry']>) {
  const whole = { accessLogFile: join(folder, 'access.log'), ...config } as Config['telemetry'];
  const blocks = await AccessBlocks.open(whole, new CounterSet(), {} as ProcessLog);
  const { shared } = new FrontTelemetry(1, 1);
  blocks.addFront(3, shared);
  const block = blockOf({ requestId: 'kept' });
  const size = block.byteLength;
  blocks.write(3, block);
  await blocks.close();
  const search = { where: { requestId: 'kept' }, order: 'latest', limit: 5 } as const;
  const found = (await findRequests(blocks.recent, search))!;
  const written = new Float64Array(shared.accessLogWritten)[0];
  return { found: found.map(({ front }) => front), isWritten: written === size };
}

describe('blocks of access records', () => {
  it('are written to the log and kept for searches', async () => {
    expect(await open({ accessLog: true })).toEqual({ found: [3], isWritten: true });
    expect(await readFile(join(folder, 'access.log'), 'utf8')).toContain('"requestId":"kept"');
  });

  it('settle the account of their front where there is no log', async () => {
    const config = { accessLog: false, recentRequestsMaxBytes: 65_536 };
    expect(await open(config)).toEqual({ found: [3], isWritten: true });
  });

  it('are not kept where that is switched off, which it is without a log', async () => {
    const off = { accessLog: true, recentRequestsMaxBytes: 0 };
    expect(await open(off)).toEqual({ found: [], isWritten: true });
    expect(await open({ accessLog: false })).toEqual({ found: [], isWritten: true });
  });
});
