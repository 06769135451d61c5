/** A gateway process for one benchmark, with files of its own in a folder that goes with it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gatewayEnvironment } from '../../src/runtime/gateway-environment.ts';
import type { StartAnswer } from '../../src/runtime/gateway-messages.ts';
import { type ConfigValue, configDifferences } from './config-differences.ts';
import { type GatewayFilesOptions, gatewayConfig, writeGatewayFiles } from './gateway-files.ts';
import { endChild, pinned } from './programs.ts';
import { within } from './within.ts';

export interface BenchGatewayOptions extends GatewayFilesOptions {
  /** As taskset takes them; all cores where absent. */
  readonly cores?: string | undefined;
  /** Arguments for node before the entry, such as `--cpu-prof`. */
  readonly nodeArgs?: readonly string[];
  /** Until the gateway must have said that it is ready. */
  readonly readyMaxMs?: number;
}

const ENTRY = fileURLToPath(new URL('../../src/gateway-process.ts', import.meta.url));
const LOG_MAX_CHARACTERS = 100_000;
/** A registry of 40,000 apps takes seconds. */
const READY_MAX_MS = 60_000;
/** A gateway that is overloaded answers its operators late, but in time. */
const ADMIN_MAX_MS = 10_000;

export class BenchGateway {
  readonly folder: string;
  /** Options whose value is not the product's default, by their full name. */
  readonly configuration: Readonly<Record<string, ConfigValue>>;
  url = '';
  adminUrl = '';
  /** Milliseconds from the start of the process to its readiness; its files were there before. */
  startMs = 0;
  /** The end of the process log, JSON a line. */
  log = '';
  private readonly options: BenchGatewayOptions;
  private readonly configFile: string;
  private child: ChildProcess;
  private startedMs = 0;

  private constructor(folder: string, options: BenchGatewayOptions) {
    this.folder = folder;
    this.options = options;
    this.configuration = configDifferences(gatewayConfig(options));
    this.configFile = writeGatewayFiles(folder, options);
    this.child = this.launch();
  }

  /** @throws Error with the gateway's own message where it cannot start */
  static async start(options: BenchGatewayOptions): Promise<BenchGateway> {
    const folder = mkdtempSync(join(tmpdir(), 'xingyun-bench-gateway-'));
    let gateway: BenchGateway | undefined;
    try {
      gateway = new BenchGateway(folder, options);
      await gateway.untilReady();
      return gateway;
    } catch (error) {
      if (gateway !== undefined) await endChild(gateway.child, 'SIGTERM');
      rmSync(folder, { recursive: true, force: true });
      throw error;
    }
  }

  /**
   * Ends the process and starts another one with the same files and the state that it left; what is
   * known of the process is of the new one.
   * @throws Error with the gateway's own message where it cannot start
   */
  async restart(): Promise<void> {
    await endChild(this.child, 'SIGTERM');
    this.child = this.launch();
    await this.untilReady();
  }

  get pid(): number {
    return this.child.pid!;
  }

  get port(): number {
    return Number(new URL(this.url).port);
  }

  /** False once the process has ended, asked or not. */
  get running(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  /** What the admin listener answers there, as text. */
  async admin(path: string): Promise<string> {
    const { adminToken } = this.options;
    const answer = await fetch(`${this.adminUrl}${path}`, {
      ...(adminToken === undefined ? {} : { headers: { authorization: `Bearer ${adminToken}` } }),
      signal: AbortSignal.timeout(ADMIN_MAX_MS),
    });
    if (!answer.ok) throw new Error(`the gateway's ${path} answers ${answer.status}`);
    return answer.text();
  }

  /** A counter or gauge from /metrics, summed over its labels. */
  async metric(name: string): Promise<number> {
    const samples = (await this.admin('/metrics'))
      .split('\n')
      .filter(line => line.startsWith(`${name} `) || line.startsWith(`${name}{`));
    if (samples.length === 0) throw new Error(`/metrics has no ${name}`);
    return samples.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await endChild(this.child, 'SIGTERM');
    rmSync(this.folder, { recursive: true, force: true });
  }

  private launch(): ChildProcess {
    const { nodeArgs = [], cores } = this.options;
    const args = [...nodeArgs, ENTRY, this.configFile];
    const command = pinned({ file: process.execPath, args }, cores);
    this.startedMs = performance.now();
    const child = spawn(command.file, command.args, {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      // As the supervisor starts it.
      env: gatewayEnvironment(process.env, join(this.folder, 'state')),
    });
    // What cannot be started has no 'exit'; whoever waits hears of it by a listener of its own.
    child.on('error', () => undefined);
    child.stderr!.on('data', chunk => {
      this.log = (this.log + chunk).slice(-LOG_MAX_CHARACTERS);
    });
    return child;
  }

  private async untilReady(): Promise<void> {
    const { readyMaxMs = READY_MAX_MS } = this.options;
    const answer = await within(readyMaxMs, 'the start of the gateway', this.firstMessage());
    this.startMs = performance.now() - this.startedMs;
    if (answer.kind === 'failed') throw new Error(answer.message);
    this.url = answer.url;
    this.adminUrl = answer.adminUrl;
  }

  private firstMessage(): Promise<StartAnswer> {
    const { promise, resolve, reject } = Promise.withResolvers<StartAnswer>();
    this.child.once('message', message => resolve(message as StartAnswer));
    this.child.once('error', reject);
    this.child.once('exit', (code, signal) =>
      reject(new Error(`the gateway ended: ${code ?? signal}\n${this.log}`)),
    );
    return promise;
  }
}
