import { describe, expect, it } from 'vitest';
import { readCompareArguments } from '../../../bench/compare/compare-arguments.ts';

describe('arguments', () => {
  it('have the defaults of a run for the record', () => {
    expect(readCompareArguments([])).toEqual({
      rounds: 5,
      seconds: 5,
      warmUpSeconds: 6,
      only: [],
      gatewayDirectories: [],
      signedRequests: 176_000,
      seed: 1,
      json: undefined,
      record: true,
    });
  });

  it('take several checkouts, names with commas, and parts of a second', () => {
    const found = readCompareArguments(
      '--gateway-dir /a --gateway-dir /b --only x,y --seconds 0.3 --no-record'.split(' '),
    );
    expect(found).toMatchObject({
      gatewayDirectories: ['/a', '/b'],
      only: ['x', 'y'],
      seconds: 0.3,
      record: false,
    });
  });

  it.each([
    ['--rounds 0', '--rounds takes a whole number from 1 to 100.'],
    ['--seconds soon', '--seconds takes seconds from 0.1 to 60.'],
    ['--warm-up 61', '--warm-up takes seconds from 0.1 to 60.'],
    ['--signed-requests 3', '--signed-requests takes a whole number from 100 to 1000000.'],
    ['--rate 5', '--rate'],
  ])('refuse %s', (text, message) => {
    expect(() => readCompareArguments(text.split(' '))).toThrow(message);
  });
});
