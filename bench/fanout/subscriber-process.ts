/** Subscribers: one process, one thread, many sessions. Started by Subscribers over IPC. */

import { CALL_FORMATS } from '../load/session/call-format.ts';
import { Handshake } from '../load/session/handshake.ts';
import { sourceAddress } from '../load/source-address.ts';
import { SignedRequests } from '../rig/presigned/request-source.ts';
import { EventLog } from './event-log.ts';
import type { FromSubscribers, SubscribersSpec, ToSubscribers } from './subscriber-messages.ts';
import { type SubscriberOwner, SubscriberSession } from './subscriber-session.ts';

/** Sessions that are being opened at a time: the listen backlog is 512. */
const OPENING_MAX = 250;

function tell(message: FromSubscribers): void {
  process.send!(message);
}

class Subscribers implements SubscriberOwner {
  readonly log: EventLog;
  private readonly spec: SubscribersSpec;
  private readonly sessions: SubscriberSession[] = [];
  private readonly closed: Record<string, number> = {};
  private events = 0;
  private faults = 0;
  private open = 0;

  constructor(spec: SubscribersSpec) {
    this.spec = spec;
    this.log = new EventLog(spec.sessions, spec.watchedTopic, arrivals =>
      tell({ kind: 'arrived', arrivals }),
    );
  }

  /** @throws Error where one of them cannot be opened or may not subscribe */
  async openAll(): Promise<void> {
    const { spec, sessions } = this;
    const { set, first, count } = spec.handshakes;
    const requests = SignedRequests.of(set, first, count);
    const { subprotocol } = CALL_FORMATS.json;
    while (sessions.length < spec.sessions) {
      const length = Math.min(OPENING_MAX, spec.sessions - sessions.length);
      const opening = Array.from({ length }, (_, i) => {
        const address = sourceAddress(sessions.length + i, spec.sessions);
        return new SubscriberSession(this, spec, new Handshake(requests, subprotocol), address);
      });
      await Promise.all(opening.map(session => session.whenSubscribed));
      sessions.push(...opening);
      this.open = sessions.length;
      tell({ kind: 'progress', open: this.open });
    }
  }

  pause(): void {
    for (const session of this.sessions) session.pause();
  }

  onEvent(): void {
    this.events += 1;
  }

  onFault(): void {
    this.faults += 1;
  }

  onClosed(how: string): void {
    this.open -= 1;
    this.closed[how] = (this.closed[how] ?? 0) + 1;
  }

  count(): void {
    const { open, events, closed, faults } = this;
    const { user, system } = process.cpuUsage();
    const counts = { open, events, closed, faults, cpuMicros: user + system };
    tell({ kind: 'counted', counts });
  }
}

let subscribers: Subscribers | undefined;

async function hear(message: ToSubscribers): Promise<void> {
  if (message.kind === 'open') {
    subscribers = new Subscribers(message.spec);
    await subscribers.openAll();
    tell({ kind: 'opened' });
  } else if (message.kind === 'pause') {
    subscribers?.pause();
    tell({ kind: 'paused' });
  } else {
    subscribers?.count();
  }
}

process.on('message', (message: ToSubscribers) => {
  hear(message).catch(error => tell({ kind: 'failed', message: (error as Error).message }));
});
process.on('disconnect', () => process.exit(0));
process.on('SIGTERM', () => process.exit(0));
// The terminal sends Ctrl-C to the whole group: the benchmark ends this process, not the key.
process.on('SIGINT', () => undefined);
