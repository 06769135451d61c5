import { describe, expect, it } from 'vitest';
import { outcomeOf } from './outcome.ts';

describe('rename', () => {
  it('gives a member another name where it is', () => {
    expect(outcomeOf([{ rename: { at: '/a/b', to: 'c' } }], { a: { b: 1, d: 2 } })).toEqual({
      a: { c: 1, d: 2 },
    });
  });

  it('does so in every element of a list', () => {
    const payload = { list: [{ b: 1 }, { x: 2 }, 3, { b: null }] };
    expect(outcomeOf([{ rename: { at: '/list/*/b', to: 'c' } }], payload)).toEqual({
      list: [{ c: 1 }, { x: 2 }, 3, { c: null }],
    });
  });

  it('refuses a name that the object has', () => {
    expect(outcomeOf([{ rename: { at: '/a/b', to: 'c' } }], { a: { b: 1, c: 2 } })).toEqual({
      refused: '/a/c',
    });
  });

  it('refuses an element of a list, which has no name', () => {
    expect(outcomeOf([{ rename: { at: '/a/0', to: 'c' } }], { a: [1] })).toEqual({
      refused: '/a/0',
    });
  });

  it.each([
    [{ a: 5 }, { a: 5 }],
    [{}, {}],
    [null, null],
    ['text', 'text'],
    [{ a: { c: 1 } }, { a: { c: 1 } }],
  ])('leaves %j alone, unless the member is required', (payload, same) => {
    expect(outcomeOf([{ rename: { at: '/a/b', to: 'c' } }], payload)).toEqual(same);
    const strict = outcomeOf([{ rename: { at: '/a/b', to: 'c', required: true } }], payload);
    expect(strict).toHaveProperty('refused');
  });

  it('reads escaped names and writes them escaped in faults', () => {
    expect(outcomeOf([{ rename: { at: '/a~1b/m~0n', to: 'x' } }], { 'a/b': { 'm~n': 1 } })).toEqual(
      { 'a/b': { x: 1 } },
    );
    expect(
      outcomeOf([{ rename: { at: '/a~1b/m~0n', to: 'x/y' } }], {
        'a/b': { 'm~n': 1, 'x/y': 2 },
      }),
    ).toEqual({ refused: '/a~1b/x~1y' });
  });
});

describe('move', () => {
  it('makes the objects on the way and takes those along that it empties', () => {
    const payload = { creditor: { account: { iban: 'x' } }, amount: 1 };
    expect(
      outcomeOf([{ move: { from: '/creditor/account/iban', to: '/payee/id/iban' } }], payload),
    ).toEqual({ amount: 1, payee: { id: { iban: 'x' } } });
  });

  it('stays within each element of a list', () => {
    const payload = { list: [{ a: { b: 1 } }, { a: { c: 2 } }, {}] };
    expect(outcomeOf([{ move: { from: '/list/*/a/b', to: '/list/*/d/e' } }], payload)).toEqual({
      list: [{ d: { e: 1 } }, { a: { c: 2 } }, {}],
    });
  });

  it('reaches an element by its index', () => {
    const payload = { list: [{ a: 1, b: 2 }] };
    expect(outcomeOf([{ move: { from: '/list/0/a', to: '/first' } }], payload)).toEqual({
      list: [{ b: 2 }],
      first: 1,
    });
  });

  it.each([
    [{ a: 1, c: { d: 2 } }, '/c/d'],
    [{ a: 1, c: { d: null } }, '/c/d'],
    [{ a: 1, c: 2 }, '/c'],
    [{ a: 1, c: [] }, '/c/d'],
  ])('refuses %j for its target', (payload, refused) => {
    expect(outcomeOf([{ move: { from: '/a', to: '/c/d' } }], payload)).toEqual({ refused });
  });

  it('names the element at fault', () => {
    const payload = { list: [{ a: 1 }, { a: 1, b: 2 }] };
    expect(outcomeOf([{ move: { from: '/list/*/a', to: '/list/*/b' } }], payload)).toEqual({
      refused: '/list/1/b',
    });
  });

  it('says what a required member is missing from', () => {
    const steps = [{ move: { from: '/list/*/a/b', to: '/list/*/c', required: true } }];
    expect(outcomeOf(steps, { list: [{ a: { b: 1 } }, { a: {} }] })).toEqual({
      refused: '/list/1/a/b',
    });
    expect(outcomeOf(steps, { list: [{ a: { b: 1 } }, {}] })).toEqual({ refused: '/list/1/a' });
    expect(outcomeOf(steps, { list: 5 })).toEqual({ refused: '/list' });
    expect(outcomeOf(steps, {})).toEqual({ refused: '/list' });
    expect(outcomeOf(steps, { list: [] })).toEqual({ list: [] });
  });

  it('exchanges two members over a third place', () => {
    const steps = [
      { move: { from: '/a', to: '/held' } },
      { move: { from: '/b', to: '/a' } },
      { move: { from: '/held', to: '/b' } },
    ];
    expect(outcomeOf(steps, { a: 1, b: 2 })).toEqual({ a: 2, b: 1 });
  });
});

describe('copy', () => {
  it('leaves the value where it was', () => {
    expect(outcomeOf([{ copy: { from: '/id', to: '/ref/endToEnd' } }], { id: 'x' })).toEqual({
      id: 'x',
      ref: { endToEnd: 'x' },
    });
  });

  it('refuses objects and lists', () => {
    expect(outcomeOf([{ copy: { from: '/a', to: '/b' } }], { a: {} })).toEqual({ refused: '/a' });
    expect(outcomeOf([{ copy: { from: '/a', to: '/b' } }], { a: [] })).toEqual({ refused: '/a' });
  });

  it('copies within each element', () => {
    expect(
      outcomeOf([{ copy: { from: '/l/*/a', to: '/l/*/b' } }], { l: [{ a: null }, { c: 1 }] }),
    ).toEqual({ l: [{ a: null, b: null }, { c: 1 }] });
  });
});
