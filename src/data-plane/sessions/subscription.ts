/** One topic of one session: how far it has got, and whether events reach it as they come. */
import type { EventRecord } from '../../core/events.ts';
import type { TopicRecord } from '../../core/snapshot.ts';

/**
 * `live`: events go out as they come. `replaying`: pages of the journal are on their way.
 * `behind`: the peer does not read; nothing is queued, the cursor stands still.
 */
export type SubscriptionState = 'live' | 'replaying' | 'behind' | 'ended';

/** What a subscription needs of its session. */
export interface Subscriber {
  /** The journal reaches back to the cursor: replayed events follow. */
  onReplay(subscription: Subscription): void;
  /** False where too much waits for the peer already: the event was not sent. */
  sendEvent(event: EventRecord): boolean;
  /** A page came too late: so many characters of events were read for nothing. */
  onWastedPage(characters: number): void;
  /** Sending to it threw, which is a bug of ours. */
  onBroken(): void;
  /** The journal has passed the cursor: what is missed cannot be replayed. */
  onExpired(subscription: Subscription): void;
}

export class Subscription {
  readonly topic: TopicRecord;
  /** Undefined where the topic is everyone's. */
  readonly partnerId: string | undefined;
  readonly subscriber: Subscriber;
  /** Sequence of the last event that was sent, or up to which none is missing. */
  after: number;
  state: SubscriptionState;

  constructor(
    topic: TopicRecord,
    partnerId: string,
    subscriber: Subscriber,
    after: number,
    state: 'live' | 'replaying',
  ) {
    this.topic = topic;
    this.partnerId = topic.audience === 'everyone' ? undefined : partnerId;
    this.subscriber = subscriber;
    this.after = after;
    this.state = state;
  }

  /** Sends an event that is behind the cursor; false where the peer does not keep up. */
  offer(event: EventRecord): boolean {
    if (event.sequence <= this.after) return true;
    if (!this.subscriber.sendEvent(event)) {
      if (this.state !== 'ended') this.state = 'behind';
      return false;
    }
    this.after = event.sequence;
    return true;
  }
}
