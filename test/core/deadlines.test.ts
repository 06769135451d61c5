import { describe, expect, it } from 'vitest';
import { Deadline, Deadlines } from '../../src/core/deadlines.ts';

function listOf(...names: readonly string[]) {
  const deadlines = new Deadlines<string>(100);
  const of = Object.fromEntries(names.map(name => [name, new Deadline(name)]));
  const expired: string[] = [];
  return { deadlines, of: (name: string) => of[name]!, expired };
}

describe('deadlines', () => {
  it('hand over what is due, oldest first, and keep the rest', () => {
    const { deadlines, of, expired } = listOf('first', 'second', 'third');
    deadlines.set(of('first'), 0);
    deadlines.set(of('second'), 10);
    deadlines.set(of('third'), 50);
    deadlines.expire(110, item => expired.push(item));
    expect(expired).toEqual(['first', 'second']);
    expect(deadlines.size).toBe(1);
  });

  it('start anew when set again', () => {
    const { deadlines, of, expired } = listOf('slow', 'other');
    deadlines.set(of('slow'), 0);
    deadlines.set(of('other'), 10);
    deadlines.set(of('slow'), 90);
    deadlines.expire(120, item => expired.push(item));
    expect(expired).toEqual(['other']);
    expect(deadlines.size).toBe(1);
  });

  it('forget what was deleted, also while they expire', () => {
    const { deadlines, of, expired } = listOf('a', 'b');
    deadlines.set(of('a'), 0);
    deadlines.set(of('b'), 0);
    deadlines.expire(100, item => {
      expired.push(item);
      deadlines.delete(of('b'));
    });
    expect(expired).toEqual(['a']);
    expect(deadlines.size).toBe(0);
  });

  it('leave from the middle and from either end', () => {
    const { deadlines, of, expired } = listOf('a', 'b', 'c', 'd', 'e');
    for (const name of ['a', 'b', 'c', 'd', 'e']) deadlines.set(of(name), 0);
    for (const name of ['c', 'a', 'e', 'e']) deadlines.delete(of(name));
    deadlines.set(of('a'), 1);
    deadlines.expire(101, item => expired.push(item));
    expect(expired).toEqual(['b', 'd', 'a']);
    expect(deadlines.size).toBe(0);
  });

  it('may be set anew by whoever is told', () => {
    const { deadlines, of, expired } = listOf('again');
    deadlines.set(of('again'), 0);
    deadlines.expire(150, item => {
      expired.push(item);
      deadlines.set(of(item), 150);
    });
    expect(expired).toEqual(['again']);
    expect(deadlines.size).toBe(1);
  });
});
