import { describe, expect, it } from 'vitest';
import { Deadlines } from '../../src/core/deadlines.ts';

describe('deadlines', () => {
  it('hand over what is due, oldest first, and keep the rest', () => {
    const deadlines = new Deadlines<string>(100);
    deadlines.set('first', 0);
    deadlines.set('second', 10);
    deadlines.set('third', 50);
    const expired: string[] = [];
    deadlines.expire(110, item => expired.push(item));
    expect(expired).toEqual(['first', 'second']);
    expect(deadlines.size).toBe(1);
  });

  it('start anew when set again', () => {
    const deadlines = new Deadlines<string>(100);
    deadlines.set('slow', 0);
    deadlines.set('other', 10);
    deadlines.set('slow', 90);
    const expired: string[] = [];
    deadlines.expire(120, item => expired.push(item));
    expect(expired).toEqual(['other']);
  });

  it('forget what was deleted, also while they expire', () => {
    const deadlines = new Deadlines<string>(100);
    deadlines.set('a', 0);
    deadlines.set('b', 0);
    const expired: string[] = [];
    deadlines.expire(100, item => {
      expired.push(item);
      deadlines.delete('b');
    });
    expect(expired).toEqual(['a']);
    expect(deadlines.size).toBe(0);
  });
});
