/** What may happen to a feed, in any order. */
import fc from 'fast-check';
import { type FeedWorld, PARTNERS, type Reader, TOPICS } from './feed-world.ts';

export interface FeedAction {
  /** Shown where a property fails. */
  readonly does: string;
  readonly to: (world: FeedWorld) => void;
}

const index = fc.integer({ min: 0, max: 1 });
const topic = index.map(i => TOPICS[i]!);
const partner = index.map(i => PARTNERS[i]!);

const publish = fc
  .tuple(topic, partner, fc.integer({ min: 1, max: 4 }))
  .map(([topic, partner, count]) => ({
    does: `publish ${count} to ${topic.id} of ${partner}`,
    to: (world: FeedWorld) => world.publish(topic, partner, count),
  }));

/** From so many events back; below 0 without a cursor. */
const subscribe = fc
  .tuple(topic, partner, fc.integer({ min: -1, max: 12 }))
  .map(([topic, partner, back]) => ({
    does: `subscribe to ${topic.id} for ${partner} from ${back} back`,
    to: (world: FeedWorld) => {
      const after = back < 0 ? undefined : Math.max(0, world.feed.head - back);
      world.subscribe(topic, partner, after);
    },
  }));

function toReader(does: string, to: (world: FeedWorld, reader: Reader) => void) {
  return fc.nat({ max: 200 }).map(who => ({
    does: `${does} ${who}`,
    to: (world: FeedWorld) => {
      const reader = world.readers[who % Math.max(1, world.readers.length)];
      if (reader !== undefined) to(world, reader);
    },
  }));
}

const onPort = fc.constantFrom<FeedAction>(
  { does: 'receive', to: world => world.receive() },
  { does: 'serve', to: world => world.serveAsk() },
  { does: 'turn', to: world => world.turn() },
);

const onMain = fc.constantFrom<FeedAction>(
  { does: 'keep back', to: world => world.keepBack() },
  { does: 'send again', to: world => world.sendAgain() },
);

const block = toReader('block', (_world, reader) => {
  reader.blocked = true;
});
const unblock = toReader('unblock', (world, reader) => world.unblock(reader));
const end = toReader('end', (world, reader) => world.end(reader));

export const feedAction: fc.Arbitrary<FeedAction> = fc.oneof(
  { weight: 4, arbitrary: publish },
  { weight: 3, arbitrary: subscribe },
  { weight: 3, arbitrary: fc.oneof(block, unblock) },
  { weight: 1, arbitrary: end },
  { weight: 9, arbitrary: onPort },
  { weight: 1, arbitrary: onMain },
);
