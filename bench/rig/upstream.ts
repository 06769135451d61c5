/**
 * The upstream that every benchmark forwards to: one nginx process that answers each request from
 * memory, so that what is measured is the gateway before it. Its configuration and pid file live in
 * a folder of its own that goes with it.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { endChild, findProgram, pinned, tiedToParent } from './programs.ts';

export interface UpstreamOptions {
  /** As taskset takes them; all cores where absent. */
  readonly cores?: string | undefined;
}

/** What it answers to everything, with status 200. */
export const UPSTREAM_BODY =
  '{"id":"o-1","status":"accepted","currency":"CNY","amountMinor":12500}';
const TEMP_FOLDERS = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
const READY_MAX_MS = 5_000;
const READY_POLL_MS = 10;

export class Upstream {
  readonly port: number;
  private readonly child: ChildProcess;
  private readonly folder: string;

  private constructor(port: number, child: ChildProcess, folder: string) {
    this.port = port;
    this.child = child;
    this.folder = folder;
  }

  /** @throws MissingProgramError without nginx; Error with nginx's own words else */
  static async start(options: UpstreamOptions = {}): Promise<Upstream> {
    const nginx = findProgram('nginx');
    const port = await freePort();
    const folder = mkdtempSync(join(tmpdir(), 'xingyun-upstream-'));
    mkdirSync(join(folder, 'temp'));
    const file = join(folder, 'nginx.conf');
    writeFileSync(file, nginxConfiguration(folder, port));
    const args = ['-p', folder, '-e', join(folder, 'error.log'), '-c', file];
    const command = tiedToParent(pinned({ file: nginx, args }, options.cores));
    const child = spawn(command.file, command.args, { stdio: ['ignore', 'ignore', 'pipe'] });
    const upstream = new Upstream(port, child, folder);
    try {
      await untilListening(child, port);
    } catch (error) {
      await upstream[Symbol.asyncDispose]();
      throw error;
    }
    return upstream;
  }

  get pid(): number {
    return this.child.pid!;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await endChild(this.child, 'SIGTERM');
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/**
 * One process without a master, so that its pid is the one whose CPU counts. `return` reads no
 * body; nginx discards what is on the way and keeps the connection.
 */
function nginxConfiguration(folder: string, port: number): string {
  const temp = TEMP_FOLDERS.map(name => `  ${name}_temp_path ${join(folder, 'temp', name)};`);
  return `daemon off;
master_process off;
worker_processes 1;
pid ${join(folder, 'nginx.pid')};
error_log stderr error;
events { worker_connections 8192; }
http {
${temp.join('\n')}
  access_log off;
  server_tokens off;
  keepalive_requests 1000000000;
  keepalive_timeout 3600s;
  client_max_body_size 64m;
  tcp_nodelay on;
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location / {
      default_type application/json;
      return 200 '${UPSTREAM_BODY}';
    }
  }
}
`;
}

/** A port that was free a moment ago: nginx cannot tell which one it got for port 0. */
async function freePort(): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const server = createServer().once('error', reject);
  server.listen(0, '127.0.0.1', () => {
    const address = server.address();
    server.close(() => resolve((address as { port: number }).port));
  });
  return promise;
}

async function untilListening(child: ChildProcess, port: number): Promise<void> {
  let words = '';
  child.stderr!.on('data', chunk => {
    words = `${words}${chunk}`.slice(-4_096);
  });
  let ended = false;
  child.once('error', () => {
    ended = true;
  });
  child.once('exit', () => {
    ended = true;
  });
  const endsMs = performance.now() + READY_MAX_MS;
  while (!(await answers(port))) {
    if (ended || performance.now() > endsMs) throw new Error(`nginx did not start: ${words}`);
    await pause(READY_POLL_MS);
  }
}

function answers(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connect({ port, host: '127.0.0.1' });
  socket.once('connect', () => {
    socket.destroy();
    resolve(true);
  });
  socket.once('error', () => resolve(false));
  return promise;
}
