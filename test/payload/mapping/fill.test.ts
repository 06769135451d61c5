import { describe, expect, it } from 'vitest';
import { compileMapping } from '../../../src/payload/mapping/index.ts';
import { outcomeOf } from './outcome.ts';

describe('default', () => {
  it('writes where there is nothing, and makes the objects on the way', () => {
    const steps = [{ default: { at: '/a/b', value: 'CNY' } }];
    expect(outcomeOf(steps, {})).toEqual({ a: { b: 'CNY' } });
    expect(outcomeOf(steps, { a: { b: 'EUR' } })).toEqual({ a: { b: 'EUR' } });
    expect(outcomeOf(steps, { a: { b: false } })).toEqual({ a: { b: false } });
  });

  it('leaves null alone unless told otherwise', () => {
    expect(outcomeOf([{ default: { at: '/a', value: 1 } }], { a: null })).toEqual({ a: null });
    expect(outcomeOf([{ default: { at: '/a', value: 1, whereNull: true } }], { a: null })).toEqual({
      a: 1,
    });
  });

  it('fills every element of a list', () => {
    expect(
      outcomeOf([{ default: { at: '/l/*/c', value: 0 } }], { l: [{ c: 1 }, {}, { d: 2 }] }),
    ).toEqual({ l: [{ c: 1 }, { c: 0 }, { c: 0, d: 2 }] });
  });

  it.each([
    [{ a: 1 }, '/a'],
    [{ a: null }, '/a'],
    [{ a: [1] }, '/a/b'],
    [5, ''],
  ])('refuses %j, where it cannot write', (payload, refused) => {
    expect(outcomeOf([{ default: { at: '/a/b', value: 1 } }], payload)).toEqual({ refused });
  });
});

describe('constant', () => {
  it('writes whatever there was', () => {
    const steps = [{ constant: { at: '/a/b', value: { c: [1] } } }];
    expect(outcomeOf(steps, {})).toEqual({ a: { b: { c: [1] } } });
    expect(outcomeOf(steps, { a: { b: 5, d: 6 } })).toEqual({ a: { b: { c: [1] }, d: 6 } });
  });

  it('replaces an element that there is, and adds none', () => {
    const steps = [{ constant: { at: '/l/0', value: 'x' } }];
    expect(outcomeOf(steps, { l: ['a', 'b'] })).toEqual({ l: ['x', 'b'] });
    expect(outcomeOf(steps, { l: [] })).toEqual({ refused: '/l/0' });
  });

  it('gives each payload its own value', () => {
    const mapping = compileMapping([
      { constant: { at: '/a', value: { n: 1 } } },
      { rename: { at: '/a/n', to: 'm' } },
    ]);
    expect(mapping({})).toEqual({ a: { m: 1 } });
    expect(mapping({})).toEqual({ a: { m: 1 } });
  });
});

describe('drop', () => {
  it('takes out members and elements', () => {
    expect(outcomeOf([{ drop: { at: '/a/b' } }], { a: { b: 1 } })).toEqual({ a: {} });
    expect(outcomeOf([{ drop: { at: '/l/1' } }], { l: [1, 2, 3] })).toEqual({ l: [1, 3] });
    expect(outcomeOf([{ drop: { at: '/l/*' } }], { l: [1, 2, 3] })).toEqual({ l: [] });
    expect(outcomeOf([{ drop: { at: '/l/*/x' } }], { l: [{ x: 1 }, { y: 2 }] })).toEqual({
      l: [{}, { y: 2 }],
    });
  });

  it.each([[{}], [{ l: [] }], [{ l: { 0: 1 } }], [{ l: [0, 1] }], [7]])(
    'leaves %j alone, unless the place is required',
    payload => {
      expect(outcomeOf([{ drop: { at: '/l/2' } }], payload)).toEqual(payload);
      expect(outcomeOf([{ drop: { at: '/l/2', required: true } }], payload)).toHaveProperty(
        'refused',
      );
    },
  );

  it('takes segments such as 01 and - for names, which lists have not', () => {
    expect(outcomeOf([{ drop: { at: '/l/01' } }], { l: [1, 2] })).toEqual({ l: [1, 2] });
    expect(outcomeOf([{ drop: { at: '/l/-' } }], { l: [1, 2] })).toEqual({ l: [1, 2] });
    expect(outcomeOf([{ drop: { at: '/l/01' } }], { l: { '01': 1 } })).toEqual({ l: {} });
  });
});
