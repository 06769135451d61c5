/**
 * The gateway as a process of its own: `gateway-process.ts CONFIG [--replaces]`. Reports to the
 * supervisor over IPC, drains on SIGTERM, SIGINT and when the supervisor is gone, reads the
 * registry on SIGHUP, and makes room for a process that replaces it.
 */
import { flushCompileCache } from 'node:module';
import type { Gateway } from './runtime/gateway.ts';
import type { FromGateway, PlaceBeside, ToGateway } from './runtime/gateway-messages.ts';
import { SignalRequests } from './runtime/signal-requests.ts';

function tell(message: FromGateway): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  if (process.connected !== true) resolve();
  else process.send!(message, () => resolve());
  return promise;
}

async function run(configFile: string, replaces: boolean): Promise<void> {
  // Loading takes 0.3 s, in which a signal would end the process: the handlers are there before.
  const { startGateway } = await import('./main.ts');
  const gateway = await startGateway(configFile, replaces ? placeBeside : undefined);
  requests.hand({
    stop: () => void gateway.stop().then(() => process.exit(0)),
    reload: () => gateway.reload(),
  });
  obey(async message => {
    switch (message.kind) {
      case 'yield':
        return tell(await yieldOf(gateway));
      case 'resume':
        return gateway.resume();
      case 'retire':
        await gateway.retire();
        return process.exit(0);
      case 'go':
    }
  });
  // Not only at its end, which a process that is killed does not have.
  flushCompileCache();
  if (await gateway.ready) {
    const { url, adminUrl, consoleUrl } = gateway;
    await tell({ kind: 'ready', url, adminUrl, consoleUrl });
  }
}

/** A gateway that cannot make room serves all the same. */
function yieldOf(gateway: Gateway): Promise<FromGateway> {
  return gateway.yield().then(
    place => ({ kind: 'yielded', place }) as const,
    (error: Error) => ({ kind: 'not-yielded', reason: error.message }) as const,
  );
}

/** Says that the configuration can be used, and waits until this process may serve. */
async function placeBeside(): Promise<PlaceBeside | undefined> {
  const { promise, resolve } = Promise.withResolvers<PlaceBeside | undefined>();
  obey(async message => {
    if (message.kind === 'go') resolve(message.beside);
  });
  await tell({ kind: 'standby' });
  return promise;
}

let carryOut: (message: ToGateway) => Promise<void> = async () => undefined;
/** One order after the other: what is taken back must have been done. */
let lastOrder = Promise.resolve();

function obey(how: (message: ToGateway) => Promise<void>): void {
  carryOut = how;
}

function fail(error: unknown): Promise<never> {
  return tell({ kind: 'failed', message: (error as Error).message }).then(() => process.exit(1));
}

const requests = new SignalRequests().listen();
process.on('message', (message: ToGateway) => {
  lastOrder = lastOrder.then(() => carryOut(message)).catch(fail);
});
process.on('disconnect', () => requests.stop());
// False, not undefined: there was a supervisor, and it went before anybody listened.
if (process.connected === false) requests.stop();
try {
  const [configFile, ...flags] = process.argv.slice(2);
  await run(configFile!, flags.includes('--replaces'));
} catch (error) {
  await fail(error);
}
