/** A Redis server of a test or a benchmark: killed, frozen, emptied, gone with its folder. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';
import { createClient } from '@redis/client';
import { stablePort } from './processes.ts';

const READY = 'Ready to accept connections';
const FOLDERS = [...(process.env.PATH ?? '').split(delimiter), '/usr/bin', '/usr/local/bin'];
const PROGRAM = FOLDERS.map(folder => join(folder, 'redis-server')).find(existsSync);

/** Whether a server can be started here. */
export const hasRedis = PROGRAM !== undefined;

export interface RedisServerOptions {
  /** As `redis.conf` has them, beyond its own defaults: nothing is written to the disk. */
  readonly settings?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
}

export class RedisServer {
  readonly port: number;
  private readonly folder: string;
  private readonly options: RedisServerOptions;
  private child: ChildProcess | undefined;
  private readonly atExit = () => this.destroy();

  private constructor(folder: string, port: number, options: RedisServerOptions) {
    this.folder = folder;
    this.port = port;
    this.options = options;
  }

  static async start(options: RedisServerOptions = {}): Promise<RedisServer> {
    const folder = mkdtempSync(join(tmpdir(), 'xingyun-redis-'));
    const server = new RedisServer(folder, await stablePort(), options);
    process.on('exit', server.atExit);
    try {
      await server.boot();
      return server;
    } catch (error) {
      await server.dispose();
      throw error;
    }
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}/0`;
  }

  /** A file with its URL, as the gateway wants it. */
  get urlFile(): string {
    const file = join(this.folder, 'redis.url');
    writeFileSync(file, `${this.url}\n`, { mode: 0o600 });
    return file;
  }

  /** Starts it again on the same port, with what it wrote to the disk, if anything. */
  async boot(): Promise<void> {
    const { settings = {}, env = {} } = this.options;
    const all = { bind: '127.0.0.1', save: '', dir: this.folder, ...settings };
    const args = Object.entries(all).flatMap(([name, value]) => [`--${name}`, value]);
    const child = spawn(PROGRAM!, ['--port', String(this.port), ...args], {
      cwd: this.folder,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    this.child = child;
    const log: string[] = [];
    for await (const line of createInterface(child.stdout)) {
      log.push(line);
      if (line.includes(READY)) break;
    }
    child.stdout.resume();
    if (!log.at(-1)?.includes(READY)) throw new Error(`No Redis:\n${log.join('\n')}`);
  }

  /** One command, as redis-cli takes it. */
  async run(...command: string[]): Promise<unknown> {
    const client = createClient({ url: this.url, disableOfflineQueue: true });
    client.on('error', () => undefined);
    await client.connect();
    try {
      return await client.sendCommand(command);
    } finally {
      client.destroy();
    }
  }

  freeze(): void {
    this.child?.kill('SIGSTOP');
  }

  thaw(): void {
    this.child?.kill('SIGCONT');
  }

  async kill(): Promise<void> {
    const { child } = this;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise<void>(resolve => child.once('exit', () => resolve()));
    child.kill('SIGKILL');
    await ended;
  }

  async dispose(): Promise<void> {
    process.off('exit', this.atExit);
    await this.kill();
    this.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.dispose();
  }

  private destroy(): void {
    this.child?.kill('SIGKILL');
    rmSync(this.folder, { recursive: true, force: true });
  }
}
