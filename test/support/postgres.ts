/** A PostgreSQL server of a test: made in a folder of its own, stopped, killed, gone with it. */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import {
  chownSync,
  existsSync,
  globSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';
import pg from 'pg';
import { stablePort } from './processes.ts';

const READY = 'database system is ready to accept connections';
const USER = 'xingyun';

/** Of a command on the PATH, or where Debian keeps those of each version. */
function findProgram(name: string): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter);
  const debian = globSync('/usr/lib/postgresql/*/bin').sort().reverse();
  return [...folders, ...debian].map(folder => join(folder, name)).find(path => existsSync(path));
}

/** Whether tests can start a server here. */
export const hasPostgres =
  findProgram('postgres') !== undefined && findProgram('initdb') !== undefined;

/** PostgreSQL does not run as root: a test that does gives it another user. */
function owner(): { readonly uid?: number; readonly gid?: number } {
  if (process.getuid?.() !== 0) return {};
  const idOf = (flag: string, user: string) =>
    Number(spawnSync('id', [flag, user], { encoding: 'utf8' }).stdout.trim());
  const user = idOf('-u', 'postgres') > 0 ? 'postgres' : 'nobody';
  return { uid: idOf('-u', user), gid: idOf('-g', user) };
}

export interface ServerOptions {
  /** `name=value`, beyond its own defaults: it writes to the disk as ever. */
  readonly settings?: readonly string[];
  /** Texts by name, in the folder above its data. */
  readonly files?: Readonly<Record<string, string>>;
}

export class PostgresServer {
  readonly port: number;
  private readonly folder: string;
  private readonly settings: readonly string[];
  private process: ChildProcess | undefined;
  private databases = 0;
  private readonly atExit = () => this.destroy();

  private constructor(folder: string, port: number, settings: readonly string[]) {
    this.folder = folder;
    this.port = port;
    this.settings = settings;
  }

  static async start({ settings = [], files = {} }: ServerOptions = {}): Promise<PostgresServer> {
    const folder = mkdtempSync(join(tmpdir(), 'xingyun-postgres-'));
    const server = new PostgresServer(folder, await stablePort(), settings);
    process.on('exit', server.atExit);
    try {
      for (const [name, text] of Object.entries(files)) {
        writeFileSync(join(folder, name), text, { mode: 0o600 });
      }
      const { uid, gid } = owner();
      const paths = [folder, ...Object.keys(files).map(name => join(folder, name))];
      if (uid !== undefined) for (const path of paths) chownSync(path, uid, gid!);
      const options = ['-D', server.data, '-U', USER, '-A', 'trust', '-E', 'UTF8'];
      // Its own first files need no fsync: nothing is lost with them.
      execFileSync(findProgram('initdb')!, [...options, '--no-locale', '--no-sync'], {
        ...owner(),
        cwd: folder,
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      await server.boot();
      return server;
    } catch (error) {
      await server.dispose();
      throw error;
    }
  }

  /** Starts it again, on the same port and with the same data. */
  async boot(): Promise<void> {
    const settings = [`listen_addresses=127.0.0.1`, `port=${this.port}`, ...this.settings];
    const options = [...settings, `unix_socket_directories=${this.folder}`];
    const child = spawn(
      findProgram('postgres')!,
      ['-D', this.data, ...options.flatMap(option => ['-c', option])],
      { ...owner(), cwd: this.folder, stdio: ['ignore', 'ignore', 'pipe'] },
    );
    this.process = child;
    const log: string[] = [];
    for await (const line of createInterface(child.stderr)) {
      log.push(line);
      if (line.includes(READY)) break;
    }
    child.stderr.resume();
    if (!log.at(-1)?.includes(READY)) throw new Error(`No PostgreSQL:\n${log.join('\n')}`);
  }

  /** The URL of a database that is made for it. */
  async createDatabase(): Promise<string> {
    this.databases += 1;
    const name = `registry_${this.databases}`;
    await this.query(this.url('postgres'), `CREATE DATABASE ${name}`);
    return this.url(name);
  }

  /** @param user its name, and its password behind a colon */
  url(database: string, user = USER): string {
    return `postgres://${user}@127.0.0.1:${this.port}/${database}`;
  }

  async query<R extends pg.QueryResultRow>(url: string, sql: string): Promise<R[]> {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    try {
      const { rows } = await client.query<R>(sql);
      return rows;
    } finally {
      await client.end();
    }
  }

  /** Ends its connections and stops: what an operator does. */
  async stop(): Promise<void> {
    const ended = this.ended();
    this.process?.kill('SIGINT');
    await ended;
  }

  /** kill -9 of every one of its processes, the one that would clean up after the others first. */
  async kill(): Promise<void> {
    const ended = this.ended();
    this.killAll();
    await ended;
  }

  /** Neither it nor its connections do anything until it is thawed. */
  freeze(): void {
    this.signal('SIGSTOP');
  }

  thaw(): void {
    this.signal('SIGCONT');
  }

  private signal(signal: NodeJS.Signals): void {
    const pid = this.process!.pid!;
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ');
    for (const each of [pid, ...children.map(Number)]) process.kill(each, signal);
  }

  async dispose(): Promise<void> {
    process.off('exit', this.atExit);
    await this.kill();
    this.destroy();
  }

  private get data(): string {
    return join(this.folder, 'data');
  }

  private destroy(): void {
    this.killAll();
    rmSync(this.folder, { recursive: true, force: true });
  }

  private killAll(): void {
    const pid = this.process?.pid;
    if (pid === undefined || this.process?.exitCode !== null) return;
    const children = childrenOf(pid);
    for (const target of [pid, ...children]) {
      try {
        process.kill(target, 'SIGKILL');
      } catch {
        // It has ended by itself.
      }
    }
  }

  private async ended(): Promise<void> {
    const child = this.process;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    await new Promise<void>(resolve => child.once('exit', () => resolve()));
  }
}

function childrenOf(pid: number): number[] {
  try {
    const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1');
    return text.split(' ').filter(Boolean).map(Number);
  } catch {
    return [];
  }
}
