import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { type FeedAction, feedAction } from './feed-actions.ts';
import { FeedWorld, PARTNERS, type Reader, TOPICS, type WorldOptions } from './feed-world.ts';

const [STATUS, NOTICES] = TOPICS as [(typeof TOPICS)[0], (typeof TOPICS)[1]];
const [NEBULA, LEDGER] = PARTNERS;
/** Deliveries between two looks at the clock. */
const LOOK = 32;
const REPLAYS_MAX = 16;

let world: FeedWorld;
const start = (options?: WorldOptions) => {
  world = new FeedWorld(options);
  return world;
};
afterEach(() => world.restore());

const sequences = (reader: Reader) => reader.received.map(({ sequence }) => sequence);
const owed = (reader: Reader) => world.owed(reader).map(({ sequence }) => sequence);

describe('a subscription', () => {
  it('gets the events of its topic and partner as they come, and no others', () => {
    const { feed } = start();
    const [nebula, ledger] = [NEBULA, LEDGER].map(partner => world.subscribe(STATUS, partner));
    const notices = world.subscribe(NOTICES, NEBULA);
    world.publish(STATUS, NEBULA, 2);
    world.publish(NOTICES, LEDGER);
    world.publish(STATUS, LEDGER);
    world.settle();
    expect([nebula!, ledger!, notices].map(sequences)).toEqual([[1, 2], [4], [3]]);
    expect(feed.head).toBe(4);
    expect(world.deliveredCharacters).toBe(world.sentCharacters);
  });

  it('starts behind the last event that the front has heard of', () => {
    start();
    world.publish(STATUS, NEBULA, 3);
    world.receive();
    world.publish(STATUS, NEBULA);
    const reader = world.subscribe(STATUS, NEBULA);
    world.settle();
    expect(sequences(reader)).toEqual([4]);
  });

  it('that resumes gets what it missed page by page, and then what comes', () => {
    start({ pageEventsMax: 2 });
    world.publish(STATUS, NEBULA, 5);
    world.settle();
    const reader = world.subscribe(STATUS, NEBULA, 1);
    expect(reader.answered).toBe(false);
    world.serveAsk();
    world.publish(STATUS, NEBULA, 2);
    world.settle();
    expect(reader.answered).toBe(true);
    expect(sequences(reader)).toEqual([2, 3, 4, 5, 6, 7]);
    expect(reader.subscription.state).toBe('live');
  });

  it('that resumes at the head gets what comes next', () => {
    start();
    world.publish(STATUS, NEBULA, 2);
    world.settle();
    const reader = world.subscribe(STATUS, NEBULA, 2);
    world.settle();
    world.publish(STATUS, NEBULA);
    world.settle();
    expect(sequences(reader)).toEqual([3]);
  });

  it('moves its cursor on with what is not its own, so that it does not expire with that', () => {
    start();
    world.publish(NOTICES, NEBULA, 5);
    world.settle();
    const reader = world.subscribe(STATUS, NEBULA, 1);
    world.settle();
    expect(reader.subscription).toMatchObject({ state: 'live', after: 5 });
  });

  it('whose cursor the journal has passed is told so, and gets nothing', () => {
    start({ journalEventsMax: 4 });
    world.publish(STATUS, NEBULA, 10);
    world.settle();
    const reader = world.subscribe(STATUS, NEBULA, 2);
    world.settle();
    expect([reader.expired, reader.answered, sequences(reader)]).toEqual([true, false, []]);
  });

  it('from the future of another journal is told so', () => {
    start();
    const reader = world.subscribe(STATUS, NEBULA, 7);
    world.settle();
    expect(reader.expired).toBe(true);
  });

  it('that has ended gets nothing more, also of what is under way to it', () => {
    start();
    world.publish(STATUS, NEBULA, 2);
    world.settle();
    const replaying = world.subscribe(STATUS, NEBULA, 0);
    const live = world.subscribe(STATUS, NEBULA);
    world.serveAsk();
    world.publish(STATUS, NEBULA);
    world.end(replaying);
    world.end(live);
    world.settle();
    expect([replaying, live].map(sequences)).toEqual([[], []]);
    expect([replaying.answered, replaying.subscription.state]).toEqual([false, 'ended']);
  });
});

describe('a subscriber that does not read', () => {
  it('has nothing queued, and gets what it missed when it reads again', () => {
    start();
    const reader = world.subscribe(STATUS, NEBULA);
    const other = world.subscribe(STATUS, NEBULA);
    world.publish(STATUS, NEBULA);
    world.settle();
    reader.blocked = true;
    world.publish(STATUS, NEBULA, 8);
    world.settle();
    expect(reader.subscription).toMatchObject({ state: 'behind', after: 1 });
    expect(sequences(other)).toHaveLength(9);
    world.unblock(reader);
    world.settle();
    expect(sequences(reader)).toEqual(owed(reader));
    expect(reader.subscription.state).toBe('live');
  });

  it('in the middle of a page goes on behind the last event that it got', () => {
    start({ pageEventsMax: 4 });
    world.publish(STATUS, NEBULA, 4);
    world.settle();
    const reader = world.subscribe(STATUS, NEBULA, 0);
    const send = reader.sendEvent.bind(reader);
    reader.sendEvent = event => {
      reader.blocked = event.sequence === 3;
      return send(event);
    };
    world.settle();
    expect(reader.subscription).toMatchObject({ state: 'behind', after: 2 });
    reader.sendEvent = send;
    world.unblock(reader);
    world.settle();
    expect(sequences(reader)).toEqual([1, 2, 3, 4]);
  });

  it('for longer than the journal reaches back is told so', () => {
    start({ journalEventsMax: 4 });
    const reader = world.subscribe(STATUS, NEBULA);
    reader.blocked = true;
    world.publish(STATUS, NEBULA, 10);
    world.settle();
    expect(reader.expired).toBe(false);
    world.unblock(reader);
    world.settle();
    expect([reader.expired, sequences(reader)]).toEqual([true, []]);
  });
});

describe('events that the main thread keeps back from this front', () => {
  it('are read from the journal by whoever was live, and come once', () => {
    start();
    const readers = [world.subscribe(STATUS, NEBULA), world.subscribe(NOTICES, NEBULA)] as const;
    world.publish(STATUS, NEBULA, 2);
    world.keepBack();
    world.publish(STATUS, NEBULA, 5);
    world.publish(NOTICES, NEBULA);
    world.sendAgain();
    world.publish(STATUS, NEBULA);
    world.settle();
    expect(readers.map(sequences)).toEqual([[1, 2, 3, 4, 5, 6, 7, 9], [8]]);
    expect(world.feed.head).toBe(9);
  });
});

describe('many subscriptions', () => {
  it('are served in slices, between which the thread does other things', () => {
    start({ sendMs: 1 });
    const readers = Array.from({ length: 5 * LOOK }, () => world.subscribe(STATUS, NEBULA));
    world.publish(STATUS, NEBULA, 2);
    world.receive();
    const served = () => readers.filter(({ received }) => received.length > 0).length;
    expect(served()).toBe(LOOK);
    world.turn();
    expect(served()).toBe(2 * LOOK);
    expect(world.deliveredCharacters).toBe(0);
    world.settle();
    for (const reader of readers) expect(sequences(reader)).toEqual([1, 2]);
  });

  it('that come and go between two slices get what is theirs', () => {
    start({ sendMs: 1 });
    const readers = Array.from({ length: 3 * LOOK }, () => world.subscribe(STATUS, NEBULA));
    world.publish(STATUS, NEBULA, 2);
    world.receive();
    const late = world.subscribe(STATUS, NEBULA);
    const [first, last] = [readers[0]!, readers.at(-1)!];
    world.end(first);
    world.end(last);
    world.publish(STATUS, NEBULA);
    world.settle();
    expect([late, first, last, readers[LOOK]!].map(sequences)).toEqual([[3], [1], [], [1, 2, 3]]);
  });

  it('ask for at most 16 pages at once, and all of them get theirs', () => {
    start({ pageEventsMax: 1 });
    world.publish(STATUS, NEBULA, 3);
    world.settle();
    const readers = Array.from({ length: 100 }, () => world.subscribe(STATUS, NEBULA, 0));
    world.settle();
    expect(world.asksMax).toBe(REPLAYS_MAX);
    for (const reader of readers) expect(sequences(reader)).toEqual([1, 2, 3]);
  });

  it('of which some end while they wait for a page leave their place to others', () => {
    start();
    world.publish(STATUS, NEBULA, 2);
    world.settle();
    const readers = Array.from({ length: 60 }, () => world.subscribe(STATUS, NEBULA, 0));
    for (const reader of readers.slice(0, 40)) world.end(reader);
    world.settle();
    expect(readers.slice(40).map(sequences)).toEqual(Array(20).fill([1, 2]));
  });
});

/** What it got so far is the beginning of what it is owed. */
function expectPrefix(reader: Reader): void {
  const got = sequences(reader);
  expect(got).toEqual(owed(reader).slice(0, got.length));
}

describe('in whatever order things happen', () => {
  const run = (options: WorldOptions, actions: readonly FeedAction[]) => {
    start(options);
    // So many that an event takes more than one slice.
    for (let i = 0; i < 40; i++) world.subscribe(STATUS, NEBULA);
    for (const one of actions) {
      one.to(world);
      world.readers.forEach(expectPrefix);
    }
    world.sendAgain();
    for (const reader of world.readers) world.unblock(reader);
    world.settle();
    // Whoever fell behind meanwhile reads again.
    for (const reader of world.readers) world.unblock(reader);
    world.settle();
    expect(world.asksMax).toBeLessThanOrEqual(REPLAYS_MAX);
    expect(world.deliveredCharacters).toBe(world.sentCharacters);
    world.restore();
  };
  const actions = fc.array(feedAction, { maxLength: 120, size: 'max' });

  it('each subscription gets all that it is owed once and in order', () => {
    fc.assert(
      fc.property(actions, actions => {
        run({ sendMs: 0.1 }, actions);
        for (const reader of world.readers) {
          expect(reader.expired).toBe(false);
          if (reader.subscription.state === 'ended') expectPrefix(reader);
          else expect(sequences(reader)).toEqual(owed(reader));
        }
      }),
      { numRuns: 60 },
    );
  });

  it('with a short journal each gets all of it, or a beginning and word of a gap', () => {
    let expired = 0;
    fc.assert(
      fc.property(actions, actions => {
        run({ sendMs: 0.1, journalEventsMax: 8 }, actions);
        for (const reader of world.readers) {
          if (reader.expired) expired++;
          if (reader.subscription.state === 'ended') expectPrefix(reader);
          else expect(sequences(reader)).toEqual(owed(reader));
        }
      }),
      { numRuns: 60 },
    );
    expect(expired).toBeGreaterThan(0);
  });
});
