/** What `xingyun start` does: the gateway under its supervisor, the demo bank where asked for. */
import { type ChildProcess, fork } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, extname, join, resolve } from 'node:path';
import { createRequestSigner, curlCommand } from '../client/index.ts';
import { defaultConfig, loadConfig } from '../control-plane/config/index.ts';
import type { Config } from '../core/config.ts';
import { type BankPorts, readBankPorts } from '../demo/bank-ports.ts';
import { type DemoFiles, prepareDemo } from '../demo/setup.ts';
import { publisherTokenFileOf } from '../demo/tokens.ts';
import { ControlSocket } from '../runtime/control-socket.ts';
import { gatewayEnvironment } from '../runtime/gateway-environment.ts';
import { probePort } from '../runtime/probe-port.ts';
import { SignalRequests } from '../runtime/signal-requests.ts';
import { Supervisor } from '../runtime/supervisor.ts';
import { initialiseNonceState, requireFreeState } from '../stores/shared-memory/index.ts';
import { pointAtBank } from './point-at-bank.ts';

export interface StartOptions {
  readonly config: string;
  readonly demo?: true;
  readonly demoDir: string;
  readonly port: number;
  readonly adminPort: number;
  readonly supervisor: boolean;
  readonly json?: true;
}

interface Addresses {
  readonly url: string;
  readonly adminUrl: string;
  /** Where the console is served. */
  readonly consoleUrl?: string | undefined;
}

/** What runs the gateway: a supervisor, or this process itself. */
type Runner = (
  configFile: string,
  requests: SignalRequests,
  announce: (addresses: Addresses) => void,
) => Promise<number>;

interface Bank extends BankPorts {
  readonly process: ChildProcess;
}

/** What closing may take after the drain; then the gateway is killed. */
const CLOSE_MAX_MS = 10_000;
const DEMO_HOST = '127.0.0.1';
const DEMO_CALL = ['GET', '/accounts/v1/accounts'] as const;
/** This file's own ending: .ts in a checkout, .js in the package. */
const EXTENSION = extname(import.meta.url);

/** @returns the exit status: 0 after a drained stop, 1 when the gateway could not start */
export async function start(options: StartOptions): Promise<number> {
  const requests = new SignalRequests().listen();
  let bank: Bank | undefined;
  try {
    let configFile = resolve(options.config);
    let files: DemoFiles | undefined;
    if (options.demo) {
      const port = await probePort(DEMO_HOST, options.port, '--port');
      const adminPort = await probePort(DEMO_HOST, options.adminPort, '--admin-port');
      requireFreeState(join(options.demoDir, 'state'));
      bank = await startDemoBank([
        ...(await bankPortOptions(options.demoDir)),
        `--publish-url=http://${DEMO_HOST}:${adminPort}/v1/events`,
        `--publish-token-file=${publisherTokenFileOf(options.demoDir)}`,
      ]);
      files = await prepare(options.demoDir, bank, port, adminPort);
      configFile = files.configFile;
    } else if (!existsSync(configFile)) {
      throw new Error(`${options.config} does not exist: name one with --config, or try --demo.`);
    }
    if (requests.stopRequested) return 0;
    const run: Runner = options.supervisor ? supervise : runHere;
    return await run(configFile, requests, async addresses => {
      if (bank !== undefined) await tellBankPorts(addresses, files!, bank);
      announceReady(options, addresses, files);
    });
  } catch (error) {
    process.stderr.write(`xingyun: ${(error as Error).message}\n`);
    return 1;
  } finally {
    stopDemoBank(bank);
  }
}

const supervise: Runner = async (configFile, requests, announce) => {
  const { shutdown, stateDir } = configOrDefaults(configFile);
  let control: Promise<ControlSocket | undefined> | undefined;
  const supervisor = new Supervisor({
    entry: new URL(`../gateway-process${EXTENSION}`, import.meta.url),
    args: [configFile],
    env: gatewayEnvironment(process.env, stateDir),
    stopMaxMs: shutdown.drainTimeoutMs + CLOSE_MAX_MS,
    retireMaxMs: shutdown.retireTimeoutMs + CLOSE_MAX_MS,
    onReady: (ready, restarts) => {
      // Not before: the gateway makes the folder, and finds out whether it is another's.
      control ??= listenForReloads(stateDir, supervisor);
      if (restarts === 0) announce(ready);
      else process.stderr.write(`xingyun: ready again after restart ${restarts}: ${ready.url}\n`);
    },
    onRestart: (reason, pauseMs) => {
      process.stderr.write(`xingyun: the gateway ended (${reason}), restart in ${pauseMs} ms\n`);
    },
  });
  const ended = supervisor.run();
  requests.hand(supervisor);
  const status = await ended;
  (await control)?.close();
  if (status !== 0) process.stderr.write(`xingyun: ${supervisor.failureMessage}\n`);
  return status;
};

/** A configuration that cannot be read is the gateway's to report. */
function configOrDefaults(configFile: string): Config {
  try {
    return loadConfig(configFile).config;
  } catch {
    return defaultConfig().config;
  }
}

/** Without it the gateway serves all the same. */
async function listenForReloads(
  stateDir: string,
  supervisor: Supervisor,
): Promise<ControlSocket | undefined> {
  try {
    return await ControlSocket.listen(stateDir, () => supervisor.replace());
  } catch (error) {
    const { message } = error as Error;
    process.stderr.write(`xingyun: xingyun reload cannot be answered: ${message}\n`);
    return undefined;
  }
}

const runHere: Runner = async (configFile, requests, announce) => {
  // A supervisor does not hold a gateway.
  const { startGateway } = await import('../main.ts');
  const gateway = await startGateway(configFile);
  const stopped = Promise.withResolvers<number>();
  requests.hand({
    stop: () => void gateway.stop().then(() => stopped.resolve(0)),
    reload: () => gateway.reload(),
  });
  if (await gateway.ready) announce(gateway);
  return stopped.promise;
};

/** The ports of the last start, which the registry has, or others where they are taken. */
async function bankPortOptions(demoDir: string): Promise<readonly string[]> {
  const { port, sandboxPort } = readBankPorts(demoDir);
  const freeOrAny = (wanted: number) => probePort(DEMO_HOST, wanted, '--port').catch(() => 0);
  const free = [await freeOrAny(port), await freeOrAny(sandboxPort)];
  return [`--port=${free[0]}`, `--sandbox-port=${free[1]}`];
}

async function tellBankPorts(
  { adminUrl }: Addresses,
  { operatorTokenFile }: DemoFiles,
  ports: BankPorts,
): Promise<void> {
  try {
    await pointAtBank({ admin: adminUrl, tokenFile: operatorTokenFile }, ports);
  } catch (error) {
    const { message } = error as Error;
    process.stderr.write(`xingyun: the registry may have old ports of the bank: ${message}\n`);
  }
}

/** The gateway at which it publishes is not there yet, nor the token: it asks until they are. */
function startDemoBank(args: readonly string[]): Promise<Bank> {
  const { promise, resolve: done, reject } = Promise.withResolvers<Bank>();
  // In a process group of its own, so that Ctrl-C does not end it before the gateway has drained.
  const bank = fork(new URL(`../demo/bank/main${EXTENSION}`, import.meta.url), args, {
    detached: true,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  let running = false;
  bank.once('message', (message: { ready: number; sandbox: number }) => {
    running = true;
    done({ process: bank, port: message.ready, sandboxPort: message.sandbox });
  });
  bank.once('error', reject);
  bank.once('exit', (code, signal) => {
    const reason = `The demo bank ended (${signal ?? `exit status ${code}`})`;
    if (running) process.stderr.write(`xingyun: ${reason}: stop with Ctrl-C and start again.\n`);
    else reject(new Error(`${reason}; the lines above say why.`));
  });
  return promise;
}

/** It ends when nobody holds its other end; this process waits for it. */
function stopDemoBank(bank: Bank | undefined): void {
  bank?.process.removeAllListeners('exit');
  if (bank?.process.connected) bank.process.disconnect();
}

function prepare(
  dir: string,
  { port: bankPort, sandboxPort }: Bank,
  gatewayPort: number,
  adminPort: number,
): Promise<DemoFiles> {
  const { noncesMax } = defaultConfig().config.signatures;
  return prepareDemo(dir, {
    bankPort,
    sandboxPort,
    gatewayPort,
    adminPort,
    initialiseState: stateDir => initialiseNonceState(stateDir, noncesMax),
  });
}

function announceReady(
  options: StartOptions,
  addresses: Addresses,
  files: DemoFiles | undefined,
): void {
  const { url, adminUrl, consoleUrl } = addresses;
  if (options.json) {
    process.stdout.write(`${JSON.stringify({ event: 'ready', url, adminUrl, consoleUrl })}\n`);
    return;
  }
  process.stdout.write(`ready ${url}\nadmin ${adminUrl}\n`);
  if (consoleUrl !== undefined) process.stdout.write(`console ${consoleUrl}\n`);
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
