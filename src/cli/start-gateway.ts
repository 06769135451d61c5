/** What `xingyun start` does: the gateway under its supervisor, the demo bank where asked for. */
import { type ChildProcess, fork } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, extname, resolve } from 'node:path';
import { createRequestSigner, curlCommand } from '../client/index.ts';
import { defaultConfig } from '../control-plane/config/index.ts';
import { type DemoFiles, prepareDemo } from '../demo/setup.ts';
import { startGateway } from '../main.ts';
import { probePort } from '../runtime/probe-port.ts';
import { Supervisor } from '../runtime/supervisor.ts';
import { initialiseNonceState } from '../stores/shared-memory/index.ts';

export interface StartOptions {
  readonly config: string;
  readonly demo?: true;
  readonly demoDir: string;
  readonly port: string;
  readonly adminPort: string;
  readonly supervisor: boolean;
  readonly json?: true;
}

interface Running {
  /** Resolves with the exit status. */
  readonly ended: Promise<number>;
  stop(): void;
  reload(): void;
}

interface Addresses {
  readonly url: string;
  readonly adminUrl: string;
}

/** npm passes a signal on that a terminal has already sent to the whole group. */
const STOP_SIGNALS = ['SIGINT', 'SIGTERM'] as const;
const DEMO_CALL = ['GET', '/accounts/v1/accounts'] as const;
/** This file's own ending: .ts in a checkout, .js in the package. */
const EXTENSION = extname(import.meta.url);

/** @returns the exit status: 0 after a drained stop, 1 when the gateway could not start */
export async function start(options: StartOptions): Promise<number> {
  let bank: ChildProcess | undefined;
  try {
    let configFile = resolve(options.config);
    let files: DemoFiles | undefined;
    if (options.demo) {
      await probePort('127.0.0.1', Number(options.port), '--port');
      await probePort('127.0.0.1', Number(options.adminPort), '--admin-port');
      bank = await startDemoBank();
      files = await prepare(options, bank);
      configFile = files.configFile;
    } else if (!existsSync(configFile)) {
      throw new Error(`${options.config} does not exist: name one with --config, or try --demo.`);
    }
    const announce = (addresses: Addresses) => announceReady(options, addresses, files);
    const running = await (options.supervisor ? supervise : runHere)(configFile, announce);
    for (const signal of STOP_SIGNALS) process.on(signal, () => running.stop());
    process.on('SIGHUP', () => running.reload());
    return await running.ended;
  } catch (error) {
    process.stderr.write(`xingyun: ${(error as Error).message}\n`);
    return 1;
  } finally {
    if (bank?.connected) bank.disconnect();
  }
}

async function supervise(
  configFile: string,
  announce: (addresses: Addresses) => void,
): Promise<Running> {
  const supervisor = new Supervisor({
    entry: new URL(`../gateway-process${EXTENSION}`, import.meta.url),
    args: [configFile],
    onReady: (ready, restarts) => {
      if (restarts === 0) announce(ready);
      else process.stderr.write(`xingyun: ready again after restart ${restarts}\n`);
    },
    onRestart: (reason, pauseMs) => {
      process.stderr.write(`xingyun: the gateway ended (${reason}), restart in ${pauseMs} ms\n`);
    },
  });
  const ended = supervisor.run().then(status => {
    if (status !== 0) process.stderr.write(`xingyun: ${supervisor.failureMessage}\n`);
    return status;
  });
  return { ended, stop: () => supervisor.stop(), reload: () => supervisor.signal('SIGHUP') };
}

async function runHere(
  configFile: string,
  announce: (addresses: Addresses) => void,
): Promise<Running> {
  const gateway = await startGateway(configFile);
  const { promise, resolve: end, reject } = Promise.withResolvers<number>();
  void gateway.ready.then(() => announce(gateway));
  return {
    ended: promise,
    stop: () => gateway.stop().then(() => end(0), reject),
    reload: () => gateway.reload(),
  };
}

function startDemoBank(): Promise<ChildProcess & { port: number }> {
  const {
    promise,
    resolve: done,
    reject,
  } = Promise.withResolvers<ChildProcess & { port: number }>();
  // In a process group of its own, so that Ctrl-C does not end it before the gateway has drained.
  const bank = fork(new URL(`../demo/bank/main${EXTENSION}`, import.meta.url), {
    detached: true,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  bank.once('message', (message: { ready: number }) => {
    done(Object.assign(bank, { port: message.ready }));
  });
  bank.once('exit', code => reject(new Error(`The demo bank ended with status ${code}.`)));
  return promise;
}

function prepare(options: StartOptions, bank: ChildProcess): Promise<DemoFiles> {
  const { noncesMax } = defaultConfig().config.signatures;
  return prepareDemo(options.demoDir, {
    bankPort: (bank as ChildProcess & { port: number }).port,
    gatewayPort: Number(options.port),
    adminPort: Number(options.adminPort),
    initialiseState: stateDir => initialiseNonceState(stateDir, noncesMax),
  });
}

function announceReady(
  options: StartOptions,
  addresses: Addresses,
  files: DemoFiles | undefined,
): void {
  if (options.json) {
    const { url, adminUrl } = addresses;
    process.stdout.write(`${JSON.stringify({ event: 'ready', url, adminUrl })}\n`);
    return;
  }
  process.stdout.write(`ready ${addresses.url}\nadmin ${addresses.adminUrl}\n`);
  if (files !== undefined) process.stdout.write(demoHint(addresses.url, files));
}

/** The call to paste: the command line tool signs each time, the curl line is good for one call. */
function demoHint(url: string, files: DemoFiles): string {
  const [method, path] = DEMO_CALL;
  const client = JSON.parse(readFileSync(files.clientFile, 'utf8'));
  const keyFile = resolve(dirname(files.clientFile), client.privateKeyFile);
  const signer = createRequestSigner({ ...client, privateKey: readFileSync(keyFile, 'utf8') });
  const curl = curlCommand(signer, { method, targetUri: `${url}${path}` });
  return [
    '',
    'A signed call, from another terminal in this folder:',
    `  npx xingyun call ${method} ${path}`,
    'The same with curl; its signature is good for one call within a minute:',
    `  ${curl}`,
    '',
  ].join('\n');
}
