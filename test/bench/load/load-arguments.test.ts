import { describe, expect, it } from 'vitest';
import { readLoadArguments } from '../../../bench/load/load-arguments.ts';
import { checkFileLimit } from '../../../bench/load/load-shape.ts';
import { CONNECTIONS_PER_ADDRESS, sourceAddress } from '../../../bench/load/source-address.ts';
import { UsageError } from '../../../bench/rig/command-line.ts';

describe('the arguments of bench:load', () => {
  it('have the promise of the project as defaults', () => {
    expect(readLoadArguments(['--no-record'])).toEqual({
      options: {
        accessLog: false,
        connections: 12_000,
        rate: 8_000,
        durationSeconds: 30,
        warmUpSeconds: 5,
        transport: 'http',
        signsMessages: false,
        scheme: 'rfc9421-rsa',
        method: 'POST',
        bodyBytes: 600,
        seed: 1,
        generators: 1,
        fronts: 1,
        workers: 1,
        pipelined: false,
      },
      record: false,
    });
    expect(readLoadArguments([]).record).toBe(true);
    expect(readLoadArguments(['--scheme', 'none']).options).toMatchObject({
      method: 'GET',
      bodyBytes: 0,
    });
  });

  it('open sessions, in either subprotocol, that send GETs', () => {
    expect(readLoadArguments(['--ws']).options).toMatchObject({
      ...{ transport: 'ws-json', scheme: 'rfc9421-rsa', method: 'GET', bodyBytes: 0 },
    });
    const more = ['--msgpack', '--message-signatures', '--method', 'POST'];
    expect(readLoadArguments(['--ws', ...more]).options).toMatchObject({
      ...{ transport: 'ws-msgpack', signsMessages: true, method: 'POST', bodyBytes: 600 },
    });
  });

  it('are refused beyond the open files that a process may have', () => {
    const { options } = readLoadArguments([]);
    expect(() => checkFileLimit(options, 12_064)).not.toThrow();
    expect(() => checkFileLimit(options, 12_063)).toThrow(UsageError);
  });
});

describe('source addresses', () => {
  it('are the kernel’s choice while the ports of one address are enough', () => {
    expect(sourceAddress(0, CONNECTIONS_PER_ADDRESS)).toBeUndefined();
  });

  it('are as many as the ports need', () => {
    const total = 3 * CONNECTIONS_PER_ADDRESS;
    expect(sourceAddress(0, total)).toBe('127.0.0.2');
    expect(sourceAddress(CONNECTIONS_PER_ADDRESS, total)).toBe('127.0.0.3');
    expect(sourceAddress(total - 1, total)).toBe('127.0.0.4');
  });
});
