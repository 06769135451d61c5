import { beforeEach, describe, expect, it } from 'vitest';
import type { RegistrySnapshot, TopicRecord } from '../../src/core/snapshot.ts';
import { SnapshotParts } from '../../src/core/snapshot-parts.ts';
import {
  DELTA_RECORDS_MAX,
  DELTAS_IN_FLIGHT_MAX,
  DELTAS_WAITING_MAX,
  PARTS_IN_FLIGHT_MAX,
  RegistryFeed,
} from '../../src/runtime/registry-feed.ts';
import { aSnapshot } from '../data-plane/route/route-fixture.ts';
import { aDelta } from './a-delta.ts';

/** `whole 3 0` for a part of version 3, `delta 4` for a change. */
let sent: string[];
let registry: RegistrySnapshot;
let feed: RegistryFeed;

beforeEach(() => {
  sent = [];
  registry = aSnapshot();
  feed = new RegistryFeed({
    whole: () => new SnapshotParts(registry, 10),
    post: message => {
      if (message.kind === 'snapshot') {
        const { position, records } = message.part;
        sent.push(`whole ${records.version} ${position}`);
      } else if (message.kind === 'snapshot-delta') sent.push(`delta ${message.delta.version}`);
    },
  });
});

/** The registry of a version, in so many parts. */
function setRegistry(version: number, parts = 1): void {
  const topic: TopicRecord = { id: 'rates', apiId: 'fx', scopes: [], audience: 'everyone' };
  registry = aSnapshot({ version, apps: [], topics: Array(10 * parts - 6).fill(topic) });
}

function publish(version: number, partners = 1): void {
  registry = { ...registry, version };
  feed.publish(aDelta(version, 'p', partners));
}

function takeSent(): string[] {
  return sent.splice(0);
}

/** The front has its first registry. */
function start(): void {
  feed.sendWhole();
  feed.onPartTaken();
  expect(takeSent()).toEqual(['whole 1 0']);
}

describe('the whole', () => {
  it('goes a few parts at a time', () => {
    setRegistry(1, 6);
    feed.sendWhole();
    expect(takeSent()).toHaveLength(PARTS_IN_FLIGHT_MAX);
    feed.onPartTaken();
    expect(takeSent()).toEqual([`whole 1 ${PARTS_IN_FLIGHT_MAX}`]);
  });

  it('is followed by the changes that came while it was sent', () => {
    setRegistry(1, 4);
    feed.sendWhole();
    publish(2);
    takeSent();
    feed.onPartTaken();
    expect(takeSent()).toEqual(['whole 1 3', 'delta 2']);
  });

  it('starts anew where it is published again', () => {
    setRegistry(1, 6);
    feed.sendWhole();
    takeSent();
    setRegistry(2, 1);
    feed.sendWhole();
    expect(takeSent()).toEqual([]);
    feed.onPartTaken();
    expect(takeSent()).toEqual(['whole 2 0']);
  });
});

describe('a change', () => {
  it('that the whole has in it already is not sent', () => {
    setRegistry(3);
    feed.sendWhole();
    takeSent();
    feed.publish(aDelta(2, 'p'));
    feed.publish(aDelta(3, 'p'));
    expect(takeSent()).toEqual([]);
    publish(4);
    expect(takeSent()).toEqual(['delta 4']);
  });

  it('waits where the front has many before it', () => {
    start();
    for (let version = 2; version <= DELTAS_IN_FLIGHT_MAX + 3; version++) publish(version);
    expect(takeSent()).toHaveLength(DELTAS_IN_FLIGHT_MAX);
    feed.onSwapped(3);
    expect(takeSent()).toEqual(['delta 10', 'delta 11']);
  });

  it('that is large gives way to the whole', () => {
    start();
    publish(2, DELTA_RECORDS_MAX);
    expect(takeSent()).toEqual(['delta 2']);
    publish(3, DELTA_RECORDS_MAX + 1);
    expect(takeSent()).toEqual(['whole 3 0']);
  });

  it('of a version that the front does not come by gives way to the whole', () => {
    start();
    registry = { ...registry, version: 9 };
    feed.publish(aDelta(9, 'p'));
    expect(takeSent()).toEqual(['whole 9 0']);
  });

  it('that is one too many to wait makes the whole follow, and drops those that wait', () => {
    start();
    const last = 1 + DELTAS_IN_FLIGHT_MAX + DELTAS_WAITING_MAX;
    for (let version = 2; version <= last; version++) publish(version);
    expect(takeSent()).toHaveLength(DELTAS_IN_FLIGHT_MAX);
    publish(last + 1);
    expect(takeSent()).toEqual([`whole ${last + 1} 0`]);
    feed.onSwapped(last + 1);
    publish(last + 2);
    expect(takeSent()).toEqual([`delta ${last + 2}`]);
  });

  it('too many while the whole is sent lets that one be finished first', () => {
    setRegistry(1, 5);
    feed.sendWhole();
    for (let version = 2; version <= DELTAS_WAITING_MAX + 2; version++) publish(version);
    takeSent();
    for (let taken = 0; taken < 3; taken++) feed.onPartTaken();
    const version = DELTAS_WAITING_MAX + 2;
    expect(takeSent()).toEqual(['whole 1 3', 'whole 1 4', `whole ${version} 0`]);
  });
});

describe('a refusal', () => {
  it('of a change is made good by the whole at once, and only once', () => {
    start();
    publish(2);
    publish(3);
    takeSent();
    feed.onSwapFailed(2, false);
    expect(takeSent()).toEqual(['whole 3 0']);
    feed.onSwapFailed(3, false);
    expect(takeSent()).toEqual([]);
    feed.onSwapped(3);
    publish(4);
    expect(takeSent()).toEqual(['delta 4']);
  });

  it('of the whole waits for the next publication', () => {
    start();
    setRegistry(2);
    feed.sendWhole();
    feed.onPartTaken();
    takeSent();
    feed.onSwapFailed(2, true);
    expect(takeSent()).toEqual([]);
    publish(3);
    expect(takeSent()).toEqual(['whole 3 0']);
  });

  it('of a whole that another one has replaced is nothing', () => {
    start();
    setRegistry(2);
    feed.sendWhole();
    setRegistry(3);
    feed.sendWhole();
    takeSent();
    feed.onSwapFailed(2, true);
    publish(4);
    expect(takeSent()).toEqual(['delta 4']);
  });
});
