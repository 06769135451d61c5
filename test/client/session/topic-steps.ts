/** What tests of one topic do again and again, on connections of the test's own. */
import { vi } from 'vitest';
import type { Subscription } from '../../../src/client/index.ts';
import type { FakeNetwork } from './fake-network.ts';

export const TOPIC = 'transfer-status';

/** A session with one subscription, from now on. */
export async function live(
  network: FakeNetwork,
  options: Parameters<FakeNetwork['session']>[0] = {},
) {
  const session = await network.session(options);
  const subscription = session.subscribe(TOPIC);
  network.socket.result(network.socket.last.id!, { topic: TOPIC, cursor: 'c.0' });
  return { session, subscription };
}

/** Loses the connection and opens the next one, on which the topic is asked for. */
export async function reconnect(network: FakeNetwork): Promise<void> {
  network.plan.push('open');
  network.socket.end(1006);
  await vi.advanceTimersByTimeAsync(1_000);
}

/** Answers what was asked last for a topic. */
export function granted(network: FakeNetwork, cursor = 'c.0'): void {
  network.socket.result(network.socket.sentWith('subscribe').at(-1)!.id!, { cursor });
}

/** The ids of the next events. */
export async function take(subscription: Subscription, count: number): Promise<string[]> {
  const ids: string[] = [];
  for (let n = 0; n < count; n++) {
    const { value } = await subscription.next();
    ids.push(value!.id);
  }
  return ids;
}

export function sequences(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, n) => from + n);
}

/** The ids of so many events of the topic. */
export function named(from: number, to: number): string[] {
  return sequences(from, to).map(n => `${TOPIC}-${n}`);
}
