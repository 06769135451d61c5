import { describe, expect, it } from 'vitest';
import { defaultConfig } from '../../../src/control-plane/config/index.ts';
import { PublicationReader } from '../../../src/control-plane/events/read-publication.ts';
import { SettableClock } from '../../stores/settable-clock.ts';
import { DIRECTORY } from '../admin/publishing-fixture.ts';

const { events: LIMITS } = defaultConfig().config;
const reader = new PublicationReader(LIMITS, new SettableClock());
const GOOD = { topic: 'notices', id: 'n-1', data: null };

function read(body: unknown) {
  const json = typeof body === 'string' ? body : JSON.stringify(body);
  return reader.read(Buffer.from(json), DIRECTORY);
}

/** The refusal of a list whose third event is this. */
function refusalOf(event: unknown) {
  const publication = read({ events: [GOOD, { ...GOOD, id: 'n-2' }, event] });
  if (!('refusal' in publication)) throw new Error('accepted');
  expect(publication.refusal.detail).toContain('events[2]');
  return publication.refusal.name;
}

function timeOf(time: string): string | undefined {
  const publication = read({ events: [{ ...GOOD, time }] });
  return 'events' in publication ? publication.events[0]!.time : undefined;
}

describe('an event', () => {
  it.each([
    ['an unknown topic', { ...GOOD, topic: 'nothing' }],
    ['no partner where its topic has them', { ...GOOD, topic: 'transfer-status' }],
    ['a partner where its topic is everyone’s', { ...GOOD, partner: 'nebula-pay' }],
    ['an unknown partner', { ...GOOD, topic: 'transfer-status', partner: 'nobody' }],
  ])('with %s is refused by its place', (_name, event) => {
    expect(refusalOf(event)).toBe('event-invalid');
  });

  it.each([
    ['no topic', { id: 'a', data: 1 }],
    ['no id', { topic: 'notices', data: 1 }],
    ['no data', { topic: 'notices', id: 'a' }],
    ['an empty id', { ...GOOD, id: '' }],
    ['an id of 201 characters', { ...GOOD, id: 'x'.repeat(201) }],
    ['an id with a space', { ...GOOD, id: 'a b' }],
    ['an id beyond ASCII', { ...GOOD, id: '星' }],
    ['an id that is a number', { ...GOOD, id: 7 }],
    ['a partner that is null', { ...GOOD, partner: null }],
    ['an unknown member', { ...GOOD, tpoic: 'notices' }],
    ['a member of the prototype', JSON.parse('{"__proto__":1,"topic":"notices","id":"a"}')],
    ['a time without a zone', { ...GOOD, time: '2026-11-26T01:00:00' }],
    ['a time on a day that is not there', { ...GOOD, time: '2026-02-30T01:00:00Z' }],
    ['a time at an hour that is not there', { ...GOOD, time: '2026-02-03T24:30:00Z' }],
    ['a time in a zone that is not there', { ...GOOD, time: '2026-02-03T01:00:00+99:00' }],
  ])('with %s is refused by its place', (_name, event) => {
    expect(refusalOf(event)).toBe('malformed-request');
  });

  it('may have an id of 200 characters, and any data', () => {
    const id = '!~'.repeat(100);
    for (const data of [null, 0, false, '', [], {}, { topic: 'x', data: { data: 1 } }]) {
      const publication = read({ events: [{ ...GOOD, id, data }] });
      expect(publication).toMatchObject({ events: [{ id, data: JSON.stringify(data) }] });
    }
  });

  it('is measured in bytes of its data’s text', () => {
    const fits = 'é'.repeat((LIMITS.eventMaxBytes - 2) / 2);
    expect(read({ events: [{ ...GOOD, data: fits }] })).toHaveProperty('events');
    expect(refusalOf({ ...GOOD, data: `${fits}é` })).toBe('body-too-large');
  });
});

describe('members that are there twice', () => {
  it.each([
    '{"events":[],"events":[{"topic":"notices","id":"a","data":1}]}',
    '{"events":5,"events":[{"topic":"notices","id":"a","data":1}]}',
    '{"events":[{"topic":"notices","id":"a","data":1,"data":2}]}',
    '{"events":[{"topic":"notices","id":"a","d\\u0061ta":1,"data":2}]}',
    '{"events":[{"topic":"notices","topic":"notices","id":"a","data":2}]}',
  ])('are refused: %s', json => {
    expect(read(json)).toMatchObject({ refusal: { name: 'malformed-request' } });
  });

  it('are the publisher’s own within data', () => {
    const publication = read('{"events":[{"topic":"notices","id":"a","data":{"a":1,"a":2}}]}');
    expect(publication).toMatchObject({ events: [{ data: '{"a":1,"a":2}' }] });
  });

  it('may have names with escapes', () => {
    const publication = read('{"events":[{"topic":"notices","id":"a","d\\u0061ta":[ 1 ]}]}');
    expect(publication).toMatchObject({ events: [{ data: '[ 1 ]' }] });
  });
});

describe('a time', () => {
  it('is UTC', () => {
    expect(timeOf('2026-11-26T01:00:00Z')).toBe('2026-11-26T01:00:00Z');
    expect(timeOf('2026-11-26T01:00:00.123456789Z')).toBe('2026-11-26T01:00:00.123456789Z');
    expect(timeOf('2026-11-26T01:00:00.5+08:00')).toBe('2026-11-25T17:00:00.500Z');
    expect(timeOf('2024-02-29T23:59:59-00:30')).toBe('2024-03-01T00:29:59.000Z');
  });

  it('is now where there is none', () => {
    const now = new Date(new SettableClock().wallMs()).toISOString();
    expect(read({ events: [GOOD] })).toMatchObject({ events: [{ time: now }] });
  });
});

it('depth ends no process', () => {
  const data = `${'['.repeat(30_000)}${']'.repeat(30_000)}`;
  const publication = read(`{"events":[{"topic":"notices","id":"a","data":${data}}]}`);
  expect(publication).toMatchObject({ events: [{ data }] });
});
