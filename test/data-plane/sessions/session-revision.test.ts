import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SnapshotDelta } from '../../../src/core/snapshot.ts';
import { aDelta } from '../../runtime/a-delta.ts';
import { NOTICES, SessionRoom } from './session-room.ts';

let room: SessionRoom;
beforeEach(() => {
  room = new SessionRoom();
});
afterEach(() => {
  room.close();
  expect(room.bugs).toEqual([]);
});

describe('a change of the registry', () => {
  const unchanged = { upserts: [], removals: [] };
  const changeOf = (changes: Partial<SnapshotDelta>): SnapshotDelta => ({
    ...aDelta(2, 'partner-9'),
    ...changes,
  });

  /** The registry has lost the key of every session and what their apps might do. */
  function loseAll(): void {
    const { current } = room.snapshots;
    room.snapshots.current = { ...current, keys: new Map(), grant: () => undefined };
  }

  it.each<[string, Partial<SnapshotDelta>]>([
    ['partners and upstreams', { upstreams: { upserts: [], removals: ['bank'] } }],
    ['keys of others', { keys: { upserts: [], removals: ['key-9'] }, rejoinedKeys: ['key-8'] }],
    ['subscriptions of others', { subscriptions: [{ appId: 'app-9', subscriptions: [] }] }],
  ])('in %s leaves a session alone', async (_what, changes) => {
    const socket = room.open();
    loseAll();
    await room.sessions.revise(changeOf(changes));
    expect(socket.ended).toBeUndefined();
  });

  it.each<[string, Partial<SnapshotDelta>]>([
    ['its key', { keys: { upserts: [], removals: ['key-1'] } }],
    ['its partner', { rejoinedKeys: ['key-1'] }],
    ['its app’s subscriptions', { subscriptions: [{ appId: 'app-1', subscriptions: [] }] }],
    ['a product', { products: { ...unchanged, removals: ['product-1'] } }],
    ['a topic', { topics: { ...unchanged, removals: ['topic-1'] } }],
  ])('in %s is looked at for the session', async (_what, changes) => {
    const socket = room.open();
    loseAll();
    await room.sessions.revise(changeOf(changes));
    expect(socket.ended).toBe('1008 key-unknown');
  });

  it('that nobody can tell concerns everybody', async () => {
    const socket = room.open();
    const params = { topic: NOTICES.id };
    socket.receive({ jsonrpc: '2.0', id: 's', method: 'subscribe', params });
    room.snapshots.current = { ...room.snapshots.current, grant: () => undefined };
    await room.sessions.revise();
    expect(socket.ended).toBeUndefined();
    expect(socket.read.at(-1)).toMatchObject({
      method: 'subscriptionEnded',
      params: { problem: { code: 'not-subscribed' } },
    });
  });
});
