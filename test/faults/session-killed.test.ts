/** kill -9 of the gateway while events are published: nothing that was acknowledged is lost. */
import { readFileSync, writeFileSync } from 'node:fs';
import { expect, it, onTestFinished } from 'vitest';
import { parse, stringify } from 'yaml';
import { ForeignSession } from '../support/foreign-session.ts';
import { TestGateway } from '../support/gateway.ts';

const EVENTS = 1_000;
const SUBSCRIBERS = 20;
const KILLS_AT = [250, 600];
const ATTEMPTS_MAX = 200;
const TIMEOUT_MS = 60_000;

/** The next start listens where this one does. */
function keepPorts(gateway: TestGateway): void {
  const { configFile } = gateway.files;
  const config = parse(readFileSync(configFile, 'utf8'));
  config.listener.port = gateway.port;
  config.admin.port = Number(new URL(gateway.adminUrl).port);
  writeFileSync(configFile, stringify(config));
}

/** A subscriber that connects again and resumes for as long as it runs. */
class Follower {
  readonly seen = new Map<string, number>();
  running = true;
  cursor: string | undefined;
  private readonly gateway: TestGateway;
  private session: ForeignSession | undefined;

  constructor(gateway: TestGateway) {
    this.gateway = gateway;
  }

  async connect(): Promise<void> {
    const session = await ForeignSession.open(this.gateway);
    this.session = session;
    const take = () => {
      for (const { id, cursor } of session.events.splice(0)) {
        this.seen.set(id, (this.seen.get(id) ?? 0) + 1);
        this.cursor = cursor;
      }
    };
    session.socket.on('message', take);
    const started = await session.subscribe('notices', this.cursor);
    this.cursor ??= started;
    void session.closed.then(() => {
      take();
      if (this.running) void this.reconnect();
    });
  }

  async stop(): Promise<void> {
    this.running = false;
    await this.session?.close();
  }

  private async reconnect(): Promise<void> {
    for (let attempt = 0; attempt < ATTEMPTS_MAX && this.running; attempt++) {
      try {
        return await this.connect();
      } catch {
        // The gateway is not back yet, or was killed again: the pause below, then once more.
        await new Promise(resolve => setTimeout(resolve, 50));
      }
    }
  }
}

/** Publishes until it is acknowledged, as an upstream system does. */
async function publish(gateway: TestGateway, id: string): Promise<void> {
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    try {
      await gateway.publish([{ topic: 'notices', id, data: { id } }]);
      return;
    } catch {
      // Killed before it answered: the same id again is the same event.
      await new Promise(resolve => setTimeout(resolve, 50));
    }
  }
  throw new Error(`${id} was never acknowledged`);
}

it(
  'brings every acknowledged event to every subscriber, repeated ones known by their id',
  async () => {
    const gateway = await TestGateway.start({ upstreamPort: 1 });
    onTestFinished(() => gateway.dispose());
    keepPorts(gateway);
    const followers = Array.from({ length: SUBSCRIBERS }, () => new Follower(gateway));
    await Promise.all(followers.map(follower => follower.connect()));
    const acknowledged: string[] = [];
    for (let n = 0; n < EVENTS; n++) {
      const id = `e-${n}`;
      const published = publish(gateway, id);
      if (KILLS_AT.includes(n)) {
        await gateway.end('SIGKILL');
        await gateway.boot();
      }
      await published;
      acknowledged.push(id);
    }
    for (const { seen } of followers) {
      await expect.poll(() => seen.size, { timeout: 10_000 }).toBe(EVENTS);
      expect(acknowledged.filter(id => !seen.has(id))).toEqual([]);
    }
    await Promise.all(followers.map(follower => follower.stop()));
  },
  TIMEOUT_MS,
);
