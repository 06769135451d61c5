/** The gateway as an operator starts it: under its supervisor, on ports that stay. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { stablePort } from '../../test/support/processes.ts';
import { type GatewayFilesOptions, writeGatewayFiles } from './gateway-files.ts';
import { endChild } from './programs.ts';

const COMMAND = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
const READY_MAX_MS = 60_000;
const POLL_MS = 25;
const ASK_MAX_MS = 2_000;
const LOG_MAX_CHARACTERS = 200_000;

export class SupervisedGateway {
  readonly port: number;
  readonly folder: string;
  /** The end of what supervisor and gateway said. */
  log = '';
  private readonly adminPort: number;
  private readonly child: ChildProcess;

  private constructor(folder: string, configFile: string, ports: readonly [number, number]) {
    this.folder = folder;
    [this.port, this.adminPort] = ports;
    const args = [COMMAND, 'start', '--config', configFile];
    this.child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    this.child.stderr!.on('data', chunk => {
      this.log = (this.log + chunk).slice(-LOG_MAX_CHARACTERS);
    });
  }

  /** @throws Error with what it said where it is not ready in time */
  static async start(options: GatewayFilesOptions): Promise<SupervisedGateway> {
    const folder = mkdtempSync(join(tmpdir(), 'xingyun-supervised-'));
    const ports = [await stablePort(), await stablePort()] as const;
    const config = {
      ...options.config,
      listener: { ...options.config?.listener, port: ports[0] },
      admin: { ...options.config?.admin, port: ports[1] },
    };
    const gateway = new SupervisedGateway(
      folder,
      writeGatewayFiles(folder, { ...options, config }),
      ports,
    );
    try {
      await gateway.ready();
    } catch (error) {
      await gateway[Symbol.asyncDispose]();
      throw error;
    }
    return gateway;
  }

  get stateDir(): string {
    return join(this.folder, 'state');
  }

  /** Resolves with the process that serves, once one is ready. */
  async ready(): Promise<number> {
    const endsMs = performance.now() + READY_MAX_MS;
    while (performance.now() < endsMs) {
      const pid = await this.servingPid();
      if (pid !== undefined) return pid;
      await pause(POLL_MS);
    }
    throw new Error(`the gateway was not ready within ${READY_MAX_MS} ms\n${this.log}`);
  }

  async signal(signal: NodeJS.Signals): Promise<void> {
    process.kill(await this.ready(), signal);
  }

  /** Stops the process that serves; what is returned lets it go on. */
  async freeze(): Promise<() => void> {
    const pid = await this.ready();
    process.kill(pid, 'SIGSTOP');
    return () => process.kill(pid, 'SIGCONT');
  }

  /** Kills the process that serves, and resolves when another one does. */
  async killAndWait(): Promise<void> {
    const pid = await this.ready();
    process.kill(pid, 'SIGKILL');
    while ((await this.ready()) === pid) await pause(POLL_MS);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await endChild(this.child, 'SIGTERM');
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Undefined where nobody answers, or not that it is ready. */
  private async servingPid(): Promise<number | undefined> {
    try {
      const ready = await this.ask('/readyz');
      if (!ready.ok) return undefined;
      const info = (await (await this.ask('/v1/info')).json()) as { pid: number };
      return info.pid;
    } catch {
      return undefined;
    }
  }

  private ask(path: string): Promise<Response> {
    const signal = AbortSignal.timeout(ASK_MAX_MS);
    return fetch(`http://127.0.0.1:${this.adminPort}${path}`, { signal });
  }
}
