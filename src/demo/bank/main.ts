/**
 * The demo bank and its sandbox as a process: `main.ts [--host ADDRESS] [--port NUMBER]
 * [--sandbox-port NUMBER] [--log LEVEL] [--publish-url URL --publish-token-file FILE]`. The sandbox
 * has books of its own and publishes no events; both listen on a free port by default.
 */
import { parseArgs } from 'node:util';
import { createDemoBank, type DemoBank, type DemoBankOptions } from './index.ts';

function readOptions(): DemoBankOptions & { readonly sandboxPort: number } {
  const { values } = parseArgs({
    options: {
      host: { type: 'string', default: '127.0.0.1' },
      port: { type: 'string', default: '0' },
      'sandbox-port': { type: 'string', default: '0' },
      log: { type: 'string', default: 'silent' },
      'publish-url': { type: 'string' },
      'publish-token-file': { type: 'string' },
    },
  });
  const ports = { port: Number(values.port), sandboxPort: Number(values['sandbox-port']) };
  const options = { host: values.host, ...ports, logLevel: values.log };
  const { 'publish-url': url, 'publish-token-file': tokenFile } = values;
  if (url === undefined && tokenFile === undefined) return options;
  if (url === undefined || tokenFile === undefined) {
    throw new Error('--publish-url and --publish-token-file go together.');
  }
  return { ...options, publishTo: { url, tokenFile } };
}

/** To the parent where it listens, and otherwise as a line for whoever reads standard output. */
function announce(ready: number, sandbox: number): void {
  const ports = { ready, sandbox };
  if (process.send !== undefined) process.send(ports);
  else process.stdout.write(`${JSON.stringify(ports)}\n`);
}

function stopWith(...banks: readonly DemoBank[]): void {
  let stopping = false;
  const stop = async (): Promise<void> => {
    if (stopping) return;
    stopping = true;
    await Promise.all(banks.map(bank => bank.close()));
    if (process.connected) process.disconnect();
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  process.on('disconnect', stop);
  // The parent may have ended before this was listening.
  if (process.send !== undefined && !process.connected) void stop();
}

try {
  const { sandboxPort, ...options } = readOptions();
  const { publishTo: _publishTo, ...own } = options;
  const sandbox = await createDemoBank({ ...own, port: sandboxPort });
  const bank = await createDemoBank(options).catch(async error => {
    await sandbox.close();
    throw error;
  });
  stopWith(bank, sandbox);
  announce(bank.port, sandbox.port);
} catch (error) {
  const reason = error instanceof Error ? error.message : String(error);
  process.stderr.write(`The demo bank cannot start: ${reason}\n`);
  process.exitCode = 1;
}
