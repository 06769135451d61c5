import { afterEach, describe, expect, it } from 'vitest';
import { defaultConfig } from '../../src/control-plane/config/index.ts';
import type { EventRecord, ReplayPage, ReplayRequest } from '../../src/core/events.ts';
import { plainPlan } from '../../src/core/plain-terms.ts';
import type { PartnerRecord, RegistrySnapshot } from '../../src/core/snapshot.ts';
import type { LogMessage } from '../../src/data-plane/front-messages.ts';
import { FrontThreads } from '../../src/runtime/front-threads.ts';
import type { FrontThreadsOptions } from '../../src/runtime/front-threads-options.ts';
import { TelemetryReader } from '../../src/telemetry/telemetry-reader.ts';
import { eventually } from '../support/eventually.ts';
import { aDelta } from './a-delta.ts';

const FRONTS = 2;

let fronts: FrontThreads;
let telemetry: TelemetryReader;
let logged: (LogMessage & { front: number })[];
let served: number[];
let asked: { request: ReplayRequest; answer: (page: ReplayPage) => void }[];
let starts: Int32Array;
/** What FrontThreads is given where it asks for the registry as it is. */
let published: RegistrySnapshot;
let onError: () => void;

afterEach(() => fronts.drain(0));

function snapshot(version: number, behaviour: string, partners: number | string = 0) {
  const ids = typeof partners === 'string' ? [partners] : Array(partners).fill('partner');
  return {
    version,
    partners: ids.map(id => ({ id }) as PartnerRecord),
    apps: [],
    keys: [],
    plans: [plainPlan(behaviour)],
    products: [],
    apis: [],
    subscriptions: [],
    upstreams: [],
    topics: [],
  } satisfies RegistrySnapshot;
}

function create(behaviour: string): FrontThreads {
  const { config } = defaultConfig();
  config.fronts.count = FRONTS;
  telemetry = new TelemetryReader();
  logged = [];
  onError = () => undefined;
  served = [];
  asked = [];
  starts = new Int32Array(new SharedArrayBuffer(FRONTS * 4));
  const options: FrontThreadsOptions = {
    config,
    snapshot: () => published,
    shared: starts as never,
    journal: () => ({ journalId: '0123abcd', head: 0 }),
    entry: new URL('fake-front.ts', import.meta.url),
    onTelemetry: (front, { shared }) => telemetry.addFront(`front-${front}`, shared),
    onWorkers: () => undefined,
    onPool: () => undefined,
    onGone: front => telemetry.retireFront(`front-${front}`),
    onAccess: () => undefined,
    onReplay: (request, answer) => asked.push({ request, answer }),
    idempotencyPort: () => new MessageChannel().port1,
    onCosts: () => undefined,
    onLog: (front, message) => {
      logged.push({ front, ...message });
      if (message.level === 'error') onError();
    },
    onServed: version => served.push(version),
  };
  published = snapshot(1, behaviour);
  fronts = new FrontThreads(options);
  return fronts;
}

function publishAll(whole: RegistrySnapshot): void {
  published = whole;
  fronts.publishAll();
}

/** A change of the version before; `partner` is one that changed. */
function publish(version: number, partner = 'p'): void {
  published = { ...published, version };
  fronts.publish(aDelta(version, partner));
}

const errors = () => logged.filter(({ level }) => level === 'error');

describe('starting', () => {
  it('resolves when every front listens', async () => {
    await create('serve').start();
    expect([fronts.allListening, fronts.servedVersion, served]).toEqual([true, 1, [1]]);
  });

  it('rejects with the reason that a front gave, and leaves nothing running', async () => {
    await expect(create('fail').start()).rejects.toThrow(/^Front \d cannot listen\.$/);
    await fronts.drain(0);
    expect([...starts]).toEqual([1, 1]);
    expect(errors()).toEqual([]);
  });

  it('rejects with the error of a module that cannot be loaded', async () => {
    await expect(create('throw').start()).rejects.toThrow('The native part is missing.');
  });
});

describe('a front that ends by itself', () => {
  it('is replaced, and no counter goes back', async () => {
    await create('serve').start();
    expect(telemetry.counter('exchanges')).toBe(20);
    publishAll(snapshot(2, 'serve', 'poison'));
    await eventually(() => errors().length).toBe(FRONTS);
    expect(errors()[0]!.fields).toMatchObject({ reason: 'A bug in the front.', pauseMs: 100 });
    expect(telemetry.counter('exchanges')).toBe(20);
    await eventually(() => [...starts]).toEqual([2, 2]);
    await eventually(() => fronts.allListening).toBe(true);
    expect(telemetry.counter('exchanges')).toBe(40);
    // The registry that it started with is the one that was published last.
    expect(fronts.servedVersion).toBe(2);
  });

  it('is tried again where its replacement cannot start', async () => {
    await create('fail-once').start();
    publishAll(snapshot(2, 'fail-once', 'poison'));
    await eventually(() => [...starts]).toEqual([3, 3]);
    await eventually(() => fronts.allListening).toBe(true);
    const pauses = errors().map(({ front, fields }) => [front, fields.pauseMs]);
    expect(pauses.sort()).toEqual([
      [0, 100],
      [0, 200],
      [1, 100],
      [1, 200],
    ]);
  });

  it('is not replaced any more when the fronts drain', async () => {
    await create('serve').start();
    const firstEnd = new Promise<void>(resolve => {
      onError = resolve;
    });
    publishAll(snapshot(2, 'serve', 'poison'));
    await firstEnd;
    expect((await fronts.drain(0)).frontsLeft).toBe(0);
    expect([...starts]).toEqual([1, 1]);
  });
});

describe('publishing', () => {
  const heard = (message: string) => logged.filter(line => line.message === message);

  it('sends the whole in parts, and a later registry overtakes one that is under way', async () => {
    await create('serve').start();
    publishAll(snapshot(2, 'serve', 5_000));
    publishAll(snapshot(3, 'serve', 1_200));
    await eventually(() => served).toEqual([1, 3]);
    // One part of the first whole, three that were on their way of the second, three of the third.
    for (const { fields } of heard('parts')) expect(fields).toEqual({ parts: 7 });
    expect(fronts.servedVersion).toBe(3);
  });

  it('sends changes in their order', async () => {
    await create('serve').start();
    for (let version = 2; version <= 30; version++) publish(version);
    expect(await fronts.served(30, 10_000)).toBe(true);
    expect(fronts.servedVersions()).toEqual([30, 30]);
    for (const front of [0, 1]) {
      const versions = heard('delta').filter(line => line.front === front);
      const inOrder = Array.from({ length: 29 }, (_, i) => ({ version: i + 2 }));
      expect(versions.map(({ fields }) => fields)).toEqual(inOrder);
    }
    expect(heard('parts')).toEqual([]);
  });

  it('reaches a front that starts with the changes that came meanwhile', async () => {
    const starting = create('serve').start();
    publish(2);
    publish(3);
    await starting;
    expect(await fronts.served(3, 10_000)).toBe(true);
  });

  it('makes a refused change good with the whole, and forgets the failure', async () => {
    await create('serve').start();
    publish(2, 'refused');
    expect(await fronts.served(2, 10_000)).toBe(true);
    expect(heard('parts')).toHaveLength(FRONTS);
    expect(fronts.lastFailure).toBeUndefined();
    publish(3);
    expect(await fronts.served(3, 10_000)).toBe(true);
  });

  it('says why a whole was refused, and tries it anew with the next publication', async () => {
    await create('serve').start();
    publishAll(snapshot(2, 'refuse-whole'));
    expect(await fronts.served(2, 10_000)).toBe(false);
    await eventually(() => fronts.lastFailure).toMatchObject({ version: 2 });
    expect(fronts.servedVersions()).toEqual([1, 1]);
    published = snapshot(3, 'serve');
    fronts.publish(aDelta(3, 'p'));
    expect(await fronts.served(3, 10_000)).toBe(true);
    expect(fronts.lastFailure).toBeUndefined();
  });

  it('is compiled anew where that is asked for, and the answer says whether by all', async () => {
    await create('serve').start();
    expect(await fronts.rebuild(10_000)).toBe(true);
    expect(heard('parts')).toHaveLength(FRONTS);
    published = snapshot(2, 'refuse-whole');
    expect(await fronts.rebuild(10_000)).toBe(false);
    expect(fronts.servedVersions()).toEqual([1, 1]);
    expect(await fronts.rebuild(1)).toBe(false);
  });

  it('is waited for no longer than asked, or than the fronts last', async () => {
    await create('serve').start();
    expect(await fronts.served(1, 0)).toBe(true);
    expect(await fronts.served(2, 1)).toBe(false);
    const waiting = fronts.served(2, 60_000);
    await fronts.drain(0);
    expect(await waiting).toBe(false);
  });
});

describe('a front out of service', () => {
  const stateOf = (front: number) => fronts.states()[front]!.state;
  const obeyed = () => logged.filter(({ message }) => message === 'heard').length;

  it('is in it again as soon as it was told so, whatever it says to the order before', async () => {
    await create('echo').start();
    const states: string[] = [];
    const push = logged.push.bind(logged);
    logged.push = (...messages) => {
      states.push(stateOf(0));
      return push(...messages);
    };
    fronts.setDrained(0, true, 0);
    expect([stateOf(0), stateOf(1)]).toEqual(['drained', 'listening']);
    fronts.setDrained(0, false, 0);
    await eventually(obeyed).toBe(2);
    expect(states).toEqual(['listening', 'listening']);
  });

  it('stays out of it where it is started again', async () => {
    await create('echo').start();
    fronts.setDrained(1, true, 0);
    publishAll(snapshot(2, 'echo', 'poison'));
    await eventually(() => [...starts]).toEqual([2, 2]);
    await eventually(() => fronts.allListening).toBe(true);
    expect([stateOf(0), stateOf(1)]).toEqual(['listening', 'drained']);
  });
});

describe('events', () => {
  const event = (sequence: number): EventRecord => ({
    topic: 'notices',
    partnerId: undefined,
    id: `n-${sequence}`,
    time: '2026-11-26T01:00:00.000Z',
    data: '{}',
    sequence,
  });
  const heard = (front: number) =>
    logged.filter(({ message, front: by }) => message === 'heard' && by === front);
  const heardBy = (front: number) => heard(front).map(({ fields }) => fields.what);
  const page: ReplayPage = { kind: 'events', events: [event(3)], upTo: 4, isComplete: true };

  it('reach every front once, in order, from before it listens', async () => {
    const starting = create('echo').start();
    fronts.broadcast([event(1), event(2)]);
    await starting;
    fronts.broadcast([event(3)]);
    for (const front of [0, 1]) await eventually(() => heardBy(front)).toEqual(['1 2', '3']);
  });

  it('reach a front that was started again from its own start on', async () => {
    await create('echo').start();
    fronts.broadcast([event(1)]);
    for (const front of [0, 1]) await eventually(() => heardBy(front)).toEqual(['1']);
    publishAll(snapshot(2, 'echo', 'poison'));
    await eventually(() => [...starts]).toEqual([2, 2]);
    fronts.broadcast([event(2)]);
    for (const front of [0, 1]) await eventually(() => heardBy(front)).toEqual(['1', '2']);
  });

  it('are asked for by a front, and the answer comes behind earlier broadcasts', async () => {
    await create('ask').start();
    await eventually(() => asked.length).toBe(FRONTS);
    expect(asked.map(({ request }) => request.after).sort()).toEqual([0, 1]);
    const first = asked.find(({ request }) => request.after === 0)!;
    fronts.broadcast([event(4)]);
    first.answer(page);
    fronts.broadcast([event(5)]);
    await eventually(() => heardBy(0)).toEqual(['4', 'page 7 of 3 up to 4', '5']);
    await eventually(() => heardBy(1)).toEqual(['4', '5']);
  });

  it('are kept back from a front that has too many, and it is told later', async () => {
    await create('deliver-late').start();
    const large = (sequence: number, id = `n-${sequence}`): EventRecord => ({
      ...event(sequence),
      id,
      data: 'x'.repeat(17_000_000),
    });
    fronts.broadcast([large(1)]);
    fronts.broadcast([large(2, 'last')]);
    fronts.broadcast([event(3)]);
    fronts.broadcast([event(4)]);
    for (const front of [0, 1]) {
      await eventually(() => heardBy(front)).toEqual(['1', '2', 'missed up to 4']);
    }
    fronts.broadcast([event(5)]);
    for (const front of [0, 1]) await eventually(() => heardBy(front).at(-1)).toBe('5');
  });

  it('that are small are kept back from a front that has too many as well', async () => {
    await create('deliver-late').start();
    const small = Array<EventRecord>(170_000).fill({ ...event(1), data: '1' });
    fronts.broadcast([...small, { ...event(2), id: 'last' }]);
    fronts.broadcast([event(3)]);
    for (const front of [0, 1]) await eventually(() => heardBy(front)[1]).toBe('missed up to 3');
    fronts.broadcast([event(4)]);
    for (const front of [0, 1]) await eventually(() => heardBy(front)[2]).toBe('4');
  });

  it('that a front asked for are not told to the one that took its place', async () => {
    await create('ask').start();
    await eventually(() => asked.length).toBe(FRONTS);
    publishAll(snapshot(2, 'ask', 'poison'));
    await eventually(() => asked.length).toBe(2 * FRONTS);
    for (const { answer } of asked.slice(0, FRONTS)) answer(page);
    fronts.broadcast([event(9)]);
    for (const front of [0, 1]) await eventually(() => heardBy(front)).toEqual(['9']);
  });
});

describe('draining', () => {
  it('adds up what was cut', async () => {
    await create('serve').start();
    expect(await fronts.drain(100)).toEqual({ cutExchanges: 3, frontsLeft: 0 });
    expect(fronts.allListening).toBe(false);
  });

  it('gives up a front that hangs, a while after the time limit', async () => {
    await create('hang').start();
    expect(await fronts.drain(0)).toEqual({ cutExchanges: 0, frontsLeft: 2 });
  });
});
