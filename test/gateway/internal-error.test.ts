/** A bug of ours as a partner sees it: rooms composed here around a step that throws. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { defaultConfig } from '../../src/control-plane/config/index.ts';
import { CounterSet } from '../../src/core/counters.ts';
import { Front } from '../../src/data-plane/front/index.ts';
import { Pipeline } from '../../src/data-plane/pipeline.ts';
import { Responder } from '../../src/data-plane/respond/index.ts';
import { probePort } from '../../src/runtime/probe-port.ts';
import { EMPTY_SNAPSHOT } from '../support/exchanges.ts';
import { problemCode, RawSocket } from '../support/raw-socket.ts';

const SECRET = 'the message of the bug';

let front: Front;
let responder: Responder;
let port: number;
const bugs: unknown[] = [];
const counters = new CounterSet();

beforeAll(async () => {
  const { config } = defaultConfig();
  port = await probePort('127.0.0.1', 0, 'listener.port');
  config.listener.port = port;
  responder = new Responder({ respondTimeoutMs: 1_000, counters });
  front = new Front({
    config,
    counters,
    snapshots: { current: EMPTY_SNAPSHOT },
    openSink: responder.openSink,
  });
  const pipeline = new Pipeline(
    {
      admit: () => undefined,
      answerPublished: () => undefined,
      readBody: front.readBody,
      verify: () => {
        throw new Error(SECRET);
      },
      route: () => undefined,
      prepareAnswer: () => undefined,
      limit: () => undefined,
      claimKey: () => undefined,
      convertRequest: () => undefined,
      forward: () => undefined,
      writeProblem: responder.writeProblem,
      release: front.release,
      record: () => undefined,
      reportBug: error => bugs.push(error),
    },
    counters,
  );
  expect(await front.listen(pipeline, pipeline)).toBe(true);
});

afterAll(() => {
  front.close();
  responder.close();
});

describe('internal-error', () => {
  it('tells the partner nothing of the bug, and the connection goes on', async () => {
    const socket = await RawSocket.open(port);
    for (let i = 1; i <= 2; i++) {
      socket.send('GET /x HTTP/1.1\r\nhost: bank.example\r\n\r\n');
      const answer = await socket.until(text => text.split('"code"').length > i);
      expect(answer.status).toBe(500);
      expect(problemCode(answer)).toBe('internal-error');
      expect(answer.text).not.toContain(SECRET);
    }
    expect(bugs).toHaveLength(2);
    expect(counters.get('exchanges_in_flight')).toBe(0);
    socket.destroy();
  });
});
