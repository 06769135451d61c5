import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDemoBank, type DemoBank } from '../../../src/demo/bank/index.ts';
import { TestGateway } from '../../support/gateway.ts';
import { ACCOUNTS, PartnerTraffic } from '../../support/partner-traffic.ts';
import { runCli } from '../run-cli.ts';

let bank: DemoBank;
let gateway: TestGateway;
beforeAll(async () => {
  bank = await createDemoBank();
  gateway = await TestGateway.start({ upstreamPort: bank.port });
});
afterAll(async () => {
  await gateway?.dispose();
  await bank?.close();
});

const top = (...args: string[]) => runCli(['top', '--admin', gateway.adminUrl, ...args]);

describe('xingyun top', () => {
  it('writes so many seconds as JSON', async () => {
    const partner = new PartnerTraffic(gateway);
    const [{ status, stdout, stderr }] = await Promise.all([
      top('--json', '--count', '2'),
      (async () => {
        for (let i = 0; i < 20; i += 1) await partner.call(ACCOUNTS);
      })(),
    ]);
    await partner.close();
    expect([status, stderr]).toEqual([0, '']);
    const frames = stdout
      .trim()
      .split('\n')
      .map(line => JSON.parse(line));
    expect(frames.map(({ kind }) => kind)).toEqual(['frame', 'frame']);
    expect(frames[1].traffic.fromMs).toBe(frames[0].traffic.toMs);
  });

  it('writes for people where it is no terminal', async () => {
    const { status, stdout } = await top('--count', '1');
    expect(status).toBe(0);
    expect(stdout).toContain('calls/s');
    expect(stdout).not.toContain('\u001b');
  });

  it('ends with a signal, as with success', async () => {
    const main = fileURLToPath(new URL('../../../src/cli/main.ts', import.meta.url));
    const child = spawn(process.execPath, [main, 'top', '--json', '--admin', gateway.adminUrl]);
    await new Promise(resolve => child.stdout.once('data', resolve));
    child.kill('SIGINT');
    expect(await new Promise(resolve => child.once('exit', resolve))).toBe(0);
  });

  it('says where nobody listens, what was refused, and what is used wrongly', async () => {
    const nobody = await runCli(['top', '--count', '1', '--admin', 'http://127.0.0.1:1']);
    expect([nobody.status, nobody.stderr]).toEqual([
      1,
      expect.stringContaining('http://127.0.0.1:1: ECONNREFUSED'),
    ]);
    const elsewhere = await runCli(['top', '--count', '1', '--admin', gateway.url]);
    expect([elsewhere.status, elsewhere.stderr]).toEqual([
      1,
      expect.stringMatching(/answered 4\d\d/),
    ]);
    expect((await top('--count', '0')).status).toBe(2);
  });
});
