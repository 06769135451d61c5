/** `xingyun start` and a gateway process that is killed under it. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createDemoBank, type DemoBank } from '../../src/demo/bank/index.ts';
import { type StartedCommand, startCommand } from '../support/command.ts';
import { eventually } from '../support/eventually.ts';
import { TestGateway } from '../support/gateway.ts';
import { ACCOUNTS, PartnerTraffic } from '../support/partner-traffic.ts';
import { isListening, isRunning, stablePort } from '../support/processes.ts';

/** Of a machine that is busy with other tests; an idle one takes 1 to 2 s. */
const BACK_MAX_MS = 15_000;

let bank: DemoBank;
let gateway: TestGateway;
let command: StartedCommand;

beforeEach(async () => {
  bank = await createDemoBank();
  const [port, adminPort] = [await stablePort(), await stablePort()];
  gateway = await TestGateway.prepare({
    upstreamPort: bank.port,
    config: { listener: { port }, admin: { port: adminPort } },
  });
  command = startCommand(['--config', gateway.files.configFile]);
  await command.ready();
});
afterEach(async () => {
  await command.stop();
  await gateway.dispose();
  await bank.close();
});

async function gatewayPid(): Promise<number> {
  const info = await (await fetch(`${gateway.adminUrl}/v1/info`)).json();
  return (info as { pid: number }).pid;
}

async function callOnce(): Promise<number> {
  const partner = new PartnerTraffic(gateway);
  const answer = await partner.call(ACCOUNTS).catch(() => undefined);
  await partner.close();
  return answer?.status ?? 0;
}

describe('a gateway that is killed with kill -9', () => {
  it('is back on the same port, with what it knew of nonces', async ({ annotate }) => {
    const partner = new PartnerTraffic(gateway);
    const accepted = partner.sign(ACCOUNTS);
    expect((await partner.send(accepted)).status).toBe(200);
    const pid = await gatewayPid();
    const killedMs = performance.now();
    process.kill(pid, 'SIGKILL');
    await eventually(callOnce).toBe(200);
    const backMs = performance.now() - killedMs;
    await annotate(`in service again after ${Math.round(backMs)} ms`);
    expect(backMs).toBeLessThan(BACK_MAX_MS);
    const next = new PartnerTraffic(gateway);
    expect((await next.send(accepted)).code).toBe('signature-replayed');
    await Promise.all([partner.close(), next.close()]);

    expect(isRunning(pid)).toBe(false);
    expect(command.output.err).toContain('the gateway ended (SIGKILL), restart in 100 ms');
    await eventually(() => command.output.err).toContain('ready again after restart 1');
    // Only the first start is announced to who reads standard output.
    expect(command.output.out.match(/"ready"/g)).toHaveLength(1);
  });

  it('twice is started again after a longer pause, and stops on SIGTERM', async () => {
    for (let round = 0; round < 2; round++) {
      process.kill(await gatewayPid(), 'SIGKILL');
      await eventually(() => command.output.err).toContain(
        `ready again after restart ${round + 1}`,
      );
    }
    expect(command.output.err).toContain('restart in 200 ms');
    command.process.kill('SIGTERM');
    expect(await command.ended).toBe(0);
    expect(await isListening(gateway.port)).toBe(false);
  });
});

describe('the gateway process', () => {
  it('that somebody else stops is not started again', async () => {
    process.kill(await gatewayPid(), 'SIGTERM');
    expect(await command.ended).toBe(0);
    expect(command.output.err).toBe('');
  });

  it('reads its registry again when the supervisor gets SIGHUP', async () => {
    gateway.changeRegistry(({ keys }) => {
      for (const key of keys as { revoked: boolean }[]) key.revoked = true;
    });
    command.process.kill('SIGHUP');
    await eventually(callOnce).toBe(401);
    expect(await gatewayPid()).not.toBe(command.process.pid);
  });
});
