/** A process of subscribers, seen from the benchmark. */
import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { endChild } from '../rig/programs.ts';
import { within } from '../rig/within.ts';
import type {
  EventArrivals,
  FromSubscribers,
  SubscriberCounts,
  SubscribersSpec,
  ToSubscribers,
} from './subscriber-messages.ts';

const ENTRY = fileURLToPath(new URL('subscriber-process.ts', import.meta.url));
/** To start a process and open tens of thousands of sessions. */
const OPEN_MAX_MS = 120_000;
const ANSWER_MAX_MS = 10_000;

export class Subscribers {
  private readonly child: ChildProcess;
  private readonly arrived = new Map<string, EventArrivals>();
  private readonly awaited = new Map<string, (arrivals: EventArrivals) => void>();

  private constructor(child: ChildProcess) {
    this.child = child;
    // Whoever waits hears of it by a listener of its own.
    child.on('error', () => undefined);
    child.on('message', (message: FromSubscribers) => {
      if (message.kind === 'arrived') this.hearArrivals(message.arrivals);
    });
  }

  /**
   * Resolves when all of them have subscribed.
   * @throws Error where one of them cannot
   */
  static async open(
    spec: SubscribersSpec,
    onProgress: (open: number) => void,
  ): Promise<Subscribers> {
    const child = spawn(process.execPath, [ENTRY], {
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    const subscribers = new Subscribers(child);
    child.on('message', (message: FromSubscribers) => {
      if (message.kind === 'progress') onProgress(message.open);
    });
    try {
      const opened = subscribers.ask({ kind: 'open', spec }, 'opened');
      await within(OPEN_MAX_MS, 'opening the subscribers', opened);
      return subscribers;
    } catch (error) {
      await subscribers[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** They read no more. */
  async pause(): Promise<void> {
    await within(ANSWER_MAX_MS, 'pausing the subscribers', this.ask({ kind: 'pause' }, 'paused'));
  }

  async count(): Promise<SubscriberCounts> {
    const counted = this.ask({ kind: 'count' }, 'counted');
    return (await within(ANSWER_MAX_MS, 'counting the subscribers', counted)).counts;
  }

  /** When the event of the watched topic came to each of them, once it has come to all. */
  async arrivalsOf(id: string, maxMs: number): Promise<EventArrivals> {
    const found = this.arrived.get(id);
    this.arrived.delete(id);
    if (found !== undefined) return found;
    const { promise, resolve } = Promise.withResolvers<EventArrivals>();
    this.awaited.set(id, resolve);
    return within(maxMs, `event ${id} at every subscriber`, promise);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await endChild(this.child, 'SIGTERM');
  }

  private hearArrivals(arrivals: EventArrivals): void {
    const resolve = this.awaited.get(arrivals.id);
    this.awaited.delete(arrivals.id);
    if (resolve === undefined) this.arrived.set(arrivals.id, arrivals);
    else resolve(arrivals);
  }

  private ask<Kind extends FromSubscribers['kind']>(
    message: ToSubscribers,
    kind: Kind,
  ): Promise<Extract<FromSubscribers, { kind: Kind }>> {
    const { child } = this;
    type Answer = Extract<FromSubscribers, { kind: Kind }>;
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    const onMessage = (answer: FromSubscribers) => {
      if (answer.kind === 'failed') reject(new Error(answer.message));
      else if (answer.kind === kind) resolve(answer as Answer);
    };
    const onExit = () => reject(new Error('a process of subscribers ended'));
    child.on('message', onMessage);
    child.once('exit', onExit);
    child.once('error', reject);
    // A child that is gone is told apart by its 'exit'.
    child.send(message, () => undefined);
    return promise.finally(() => {
      child.off('message', onMessage);
      child.off('exit', onExit);
      child.off('error', reject);
    });
  }
}
