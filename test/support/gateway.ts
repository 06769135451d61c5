/** A real gateway process with the demo's keys and registry, for tests that speak to its port. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse, stringify } from 'yaml';
import { createPartnerClient, type PartnerClient } from '../../src/client/index.ts';
import type { PublicationReceipt } from '../../src/control-plane/events/event-hub.ts';
import type { Config } from '../../src/core/config.ts';
import type { JournalState } from '../../src/core/events.ts';
import { type ClientFile, type DemoFiles, prepareDemo } from '../../src/demo/setup.ts';
import { gatewayEnvironment } from '../../src/runtime/gateway-environment.ts';
import type { StartAnswer } from '../../src/runtime/gateway-messages.ts';
import { initialiseNonceState } from '../../src/stores/shared-memory/index.ts';
import { layRsaKeys } from './demo-keys.ts';

/** What a test publishes; without a partner where the topic is everyone's. */
export interface TestEvent {
  readonly topic: string;
  readonly partner?: string;
  readonly id: string;
  readonly time?: string;
  readonly data: unknown;
}

type Partially<T> = { [K in keyof T]?: T[K] extends object ? Partially<T[K]> : T[K] };

export interface GatewayOptions {
  /** Where the demo registry's only upstream is. */
  readonly upstreamPort: number;
  readonly config?: Partially<Config>;
  /** Changes the parsed demo registry in place before it is written. */
  readonly registry?: (registry: Record<string, unknown[]>) => void;
  /** The command that becomes the process, such as `prlimit --nofile=100`; `dir` has its files. */
  readonly under?: (dir: string) => readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Without it the first start is a strict one, as after the loss of the state folder. */
  readonly trustedState?: boolean;
}

const ENTRY = fileURLToPath(new URL('../../src/gateway-process.ts', import.meta.url));
/** Small enough that a table is written in no time. */
const NONCES_MAX = 16_384;
const LOG_MAX_CHARACTERS = 100_000;

export class TestGateway {
  readonly files: DemoFiles;
  url = '';
  adminUrl = '';
  process: ChildProcess | undefined;
  /** Standard error of the process that runs now: the process log, a JSON object a line. */
  log = '';

  private readonly options: GatewayOptions;

  private constructor(files: DemoFiles, options: GatewayOptions) {
    this.files = files;
    this.options = options;
  }

  static async start(options: GatewayOptions): Promise<TestGateway> {
    const gateway = await TestGateway.prepare(options);
    await gateway.boot();
    return gateway;
  }

  /** Its files alone, for a process that the test starts itself, on the ports in `config`. */
  static async prepare(options: GatewayOptions): Promise<TestGateway> {
    const dir = mkdtempSync(join(tmpdir(), 'xingyun-gateway-'));
    layRsaKeys(dir);
    const files = await prepareDemo(dir, { bankPort: options.upstreamPort });
    if (options.trustedState !== false) initialiseNonceState(files.stateDir, NONCES_MAX);
    const gateway = new TestGateway(files, options);
    gateway.writeConfig(options.config ?? {});
    if (options.registry !== undefined) gateway.changeRegistry(options.registry);
    gateway.url = `http://127.0.0.1:${options.config?.listener?.port ?? 0}`;
    gateway.adminUrl = `http://127.0.0.1:${options.config?.admin?.port ?? 0}`;
    return gateway;
  }

  get port(): number {
    return Number(new URL(this.url).port);
  }

  /** Starts the process; rejects with its message where it cannot start. */
  async boot(): Promise<void> {
    const { under = () => [], env = {} } = this.options;
    const { dir, configFile } = this.files;
    const [file, ...args] = [...under(dir), process.execPath, ENTRY, configFile];
    const child = spawn(file!, args, {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      env: gatewayEnvironment({ ...process.env, ...env }, join(dir, 'state')),
    });
    this.process = child;
    this.log = '';
    child.stdout?.resume();
    child.stderr?.on('data', chunk => {
      this.log = (this.log + chunk).slice(-LOG_MAX_CHARACTERS);
    });
    const { promise, resolve: done, reject } = Promise.withResolvers<StartAnswer>();
    child.once('message', message => done(message as StartAnswer));
    child.once('exit', (code, signal) =>
      reject(new Error(`ended: ${code ?? signal}\n${this.log}`)),
    );
    const answer = await promise;
    if (answer.kind === 'failed') throw new Error(answer.message);
    this.url = answer.url;
    this.adminUrl = answer.adminUrl;
  }

  /** A client with the demo's key of that id; the internet platform's RSA key by default. */
  client(keyId?: string): PartnerClient {
    return createPartnerClient({ ...this.credentials(keyId), baseUrl: this.url });
  }

  credentials(keyId?: string) {
    const file = keyId === undefined ? this.files.clientFile : this.files.clientFiles.get(keyId)!;
    const { privateKeyFile, ...client } = JSON.parse(readFileSync(file, 'utf8')) as ClientFile;
    const privateKey = readFileSync(resolve(dirname(file), privateKeyFile), 'utf8');
    return { ...client, privateKey };
  }

  get publisherToken(): string {
    return readFileSync(this.files.publisherTokenFile, 'utf8').trim();
  }

  /** Publishes as an upstream system does; rejects with the problem where it is refused. */
  async publish(events: readonly TestEvent[]): Promise<readonly PublicationReceipt[]> {
    const response = await fetch(`${this.adminUrl}/v1/events`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${this.publisherToken}`,
        'content-type': 'application/json',
      },
      body: JSON.stringify({ events }),
    });
    const text = await response.text();
    if (response.status !== 200) throw new Error(`not published: ${text}`);
    return JSON.parse(text).events;
  }

  /** Where the event journal stands. */
  async journal(): Promise<JournalState> {
    const info = await (await fetch(`${this.adminUrl}/v1/info`)).json();
    return (info as { journal: JournalState }).journal;
  }

  /** A counter or gauge from /metrics, summed over its labels. */
  async metric(name: string): Promise<number> {
    const text = await (await fetch(`${this.adminUrl}/metrics`)).text();
    const lines = text
      .split('\n')
      .filter(line => line.startsWith(`${name} `) || line.startsWith(`${name}{`));
    if (lines.length === 0) throw new Error(`/metrics has no ${name}`);
    return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
  }

  changeRegistry(change: (registry: Record<string, unknown[]>) => void): void {
    const registry = parse(readFileSync(this.files.registryFile, 'utf8'));
    change(registry);
    writeFileSync(this.files.registryFile, stringify(registry));
  }

  /** Ends the process and waits for it; resolves with its exit code or signal. */
  async end(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | string | null> {
    const child = this.process;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return null;
    const { promise, resolve: done } = Promise.withResolvers<number | string | null>();
    child.once('exit', (code, by) => done(code ?? by));
    child.kill(signal);
    return promise;
  }

  /** Ends the process and removes its files. */
  async dispose(): Promise<void> {
    await this.end('SIGTERM');
    rmSync(this.files.dir, { recursive: true, force: true });
  }

  private writeConfig(config: Partially<Config>): void {
    writeFileSync(
      this.files.configFile,
      stringify({
        registryFile: 'registry.yaml',
        stateDir: 'state',
        ...config,
        registry: { store: 'file', ...config.registry },
        listener: { port: 0, ...config.listener },
        admin: { port: 0, ...config.admin },
        events: { publisherTokenFile: this.files.publisherTokenFile, ...config.events },
        // Many tests send bad signatures, and mean each of them.
        signatures: { noncesMax: NONCES_MAX, failuresPerMinuteMax: 0, ...config.signatures },
        telemetry: { accessLogFile: 'access.log', ...config.telemetry },
      }),
    );
  }
}
