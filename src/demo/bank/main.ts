/** The demo bank as a process: `main.ts [--host ADDRESS] [--port NUMBER] [--log LEVEL]`. */
import { parseArgs } from 'node:util';
import { createDemoBank, type DemoBank } from './index.ts';

function readOptions() {
  const { values } = parseArgs({
    options: {
      host: { type: 'string', default: '127.0.0.1' },
      port: { type: 'string', default: '0' },
      log: { type: 'string', default: 'silent' },
    },
  });
  return { host: values.host, port: Number(values.port), logLevel: values.log };
}

/** To the parent where it listens, and otherwise as a line for whoever reads standard output. */
function announce(port: number): void {
  if (process.send !== undefined) process.send({ ready: port });
  else process.stdout.write(`${JSON.stringify({ ready: port })}\n`);
}

function stopWith(bank: DemoBank): void {
  let stopping = false;
  const stop = async (): Promise<void> => {
    if (stopping) return;
    stopping = true;
    await bank.close();
    if (process.connected) process.disconnect();
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  process.on('disconnect', stop);
  // The parent may have ended before this was listening.
  if (process.send !== undefined && !process.connected) void stop();
}

try {
  const bank = await createDemoBank(readOptions());
  stopWith(bank);
  announce(bank.port);
} catch (error) {
  const reason = error instanceof Error ? error.message : String(error);
  process.stderr.write(`The demo bank cannot start: ${reason}\n`);
  process.exitCode = 1;
}
