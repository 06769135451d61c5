import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { createDemoBank } from '../../../src/demo/bank/index.ts';
import { stablePort } from '../../support/processes.ts';

const MAIN = fileURLToPath(new URL('../../../src/demo/bank/main.ts', import.meta.url));
const children: ChildProcess[] = [];

function start(arguments_: string[], stdio: ('ipc' | 'pipe')[]): ChildProcess {
  const child = spawn(process.execPath, [MAIN, ...arguments_], { stdio });
  children.push(child);
  return child;
}

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

async function answers(port: number): Promise<number> {
  return (await fetch(`http://127.0.0.1:${port}/accounts/v1/accounts`)).status;
}

describe('the bank as a process', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)('says its port and exits 0 on %s', async signal => {
    const child = start(['--port', '0'], ['pipe', 'pipe', 'pipe']);
    const [line] = await once(child.stdout!, 'data');
    expect(await answers(JSON.parse(String(line)).ready)).toBe(401);
    child.kill(signal);
    expect(await once(child, 'exit')).toEqual([0, null]);
  });

  it('speaks to its parent and ends with it', async () => {
    const child = start([], ['pipe', 'pipe', 'pipe', 'ipc']);
    const [message] = await once(child, 'message');
    expect(await answers((message as { ready: number }).ready)).toBe(401);
    child.disconnect();
    expect(await once(child, 'exit')).toEqual([0, null]);
  });

  it('listens with its sandbox where it is told to', async () => {
    const ports = [await stablePort(), await stablePort()];
    const options = ['--port', `${ports[0]}`, '--sandbox-port', `${ports[1]}`];
    const [message] = await once(start(options, ['pipe', 'pipe', 'pipe', 'ipc']), 'message');
    expect(message).toEqual({ ready: ports[0], sandbox: ports[1] });
    expect(await Promise.all(ports.map(answers))).toEqual([401, 401]);
  });

  it('wants both of what it publishes with', async () => {
    const child = start(['--publish-url', 'http://127.0.0.1:1/'], ['pipe', 'pipe', 'pipe']);
    const said = once(child.stderr!, 'data');
    expect(await once(child, 'exit')).toEqual([1, null]);
    expect(String((await said)[0])).toContain('--publish-token-file');
  });

  it('says in one sentence that its port is taken', async () => {
    const bank = await createDemoBank();
    const child = start(['--port', String(bank.port)], ['pipe', 'pipe', 'pipe']);
    const said = once(child.stderr!, 'data');
    expect(await once(child, 'exit')).toEqual([1, null]);
    expect(
      String((await said)[0])
        .trim()
        .split('\n'),
    ).toHaveLength(1);
    await bank.close();
  });
});
