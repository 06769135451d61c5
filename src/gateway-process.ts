/**
 * The gateway as a process of its own: `gateway-process.ts CONFIG`. Reports to the supervisor over
 * IPC, drains on SIGTERM, SIGINT and when the supervisor is gone, reads the registry on SIGHUP.
 */
import { SignalRequests } from './runtime/signal-requests.ts';
import type { FromGateway } from './runtime/supervisor.ts';

function tell(message: FromGateway): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  if (process.connected !== true) resolve();
  else process.send!(message, () => resolve());
  return promise;
}

async function run(configFile: string, requests: SignalRequests): Promise<void> {
  // Loading takes 0.3 s, in which a signal would end the process: the handlers are there before.
  const { startGateway } = await import('./main.ts');
  const gateway = await startGateway(configFile);
  requests.hand({
    stop: () => void gateway.stop().then(() => process.exit(0)),
    reload: () => gateway.reload(),
  });
  if (await gateway.ready) {
    await tell({ kind: 'ready', url: gateway.url, adminUrl: gateway.adminUrl });
  }
}

const requests = new SignalRequests().listen();
process.on('disconnect', () => requests.stop());
// False, not undefined: there was a supervisor, and it went before anybody listened.
if (process.connected === false) requests.stop();
try {
  await run(process.argv[2]!, requests);
} catch (error) {
  await tell({ kind: 'failed', message: (error as Error).message });
  process.exit(1);
}
