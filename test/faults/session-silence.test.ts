/** Peers that are there no more and do not say so: found within the idle limit, and no others. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { answerOf, RawUpstream } from '../data-plane/upstream/raw-upstream.ts';
import { eventually } from '../support/eventually.ts';
import { encodeFrame, OPCODE } from '../support/frame-codec.ts';
import type { FrameSession, SessionConduct } from '../support/frame-session.ts';
import { TestGateway } from '../support/gateway.ts';
import { openSession } from '../support/web-socket-frames.ts';

/** The least that the configuration takes; the test lasts a little longer than this. */
const IDLE_TIMEOUT_MS = 8_000;
/** For a busy machine. */
const GRACE_MS = 1_500;
const CALL = {
  jsonrpc: '2.0',
  id: 1,
  method: 'call',
  params: { method: 'GET', path: '/sandbox/v1/echo' },
};

let upstream: RawUpstream;
let gateway: TestGateway;

beforeAll(async () => {
  upstream = new RawUpstream(({ socket }) => socket.write(answerOf('fine')));
  gateway = await TestGateway.start({
    upstreamPort: await upstream.listen(),
    config: { webSocket: { idleTimeoutMs: IDLE_TIMEOUT_MS } },
  });
});

afterAll(async () => {
  await gateway?.dispose();
  await upstream?.close();
});

const MUTE: SessionConduct = { answersPings: false };

interface Peer {
  readonly name: string;
  readonly conduct: SessionConduct;
  readonly act: (session: FrameSession) => unknown;
}

const frame = encodeFrame({ payload: JSON.stringify(CALL) });

const SILENT: readonly Peer[] = [
  { name: 'sends nothing at all', conduct: MUTE, act: () => undefined },
  { name: 'reads nothing either', conduct: MUTE, act: session => session.pause() },
  {
    name: 'stops within the head of a frame',
    conduct: MUTE,
    act: session => session.write(frame.subarray(0, 3)),
  },
  {
    name: 'stops within a message',
    conduct: MUTE,
    act: session => session.write(frame.subarray(0, 30)),
  },
  {
    name: 'stops between fragments',
    conduct: MUTE,
    act: session => session.frame({ payload: '{', fin: false }),
  },
  {
    name: 'has sent an unmasked frame, which lacks four bytes',
    conduct: MUTE,
    act: session => session.frame({ payload: JSON.stringify(CALL), mask: false }),
  },
];

const ALIVE: readonly Peer[] = [
  { name: 'answers pings', conduct: {}, act: () => undefined },
  {
    name: 'answers pings between fragments',
    conduct: {},
    act: session => session.frame({ payload: '{"jsonrpc":', fin: false }),
  },
];

const openAll = (peers: readonly Peer[]) =>
  Promise.all(
    peers.map(async ({ conduct, act }) => {
      const session = await openSession(gateway, { keyId: 'huatong-supply-hmac', ...conduct });
      await act(session);
      return session;
    }),
  );

it('a peer from which nothing comes is cut, one that answers pings is not', async () => {
  const alive = await openAll(ALIVE);
  const silent = await openAll(SILENT);
  const startedMs = performance.now();
  await eventually(() => gateway.metric('xingyun_websocket_sessions_open')).toBe(ALIVE.length);
  expect(performance.now() - startedMs).toBeLessThanOrEqual(IDLE_TIMEOUT_MS + GRACE_MS);
  for (const [index, session] of silent.entries()) {
    // One that does not read cannot see its end.
    session.resume();
    expect((await session.closed()).code, SILENT[index]!.name).toBe(1_006);
  }
  expect((await silent[0]!.nextControl()).opcode).toBe(OPCODE.ping);
  expect(upstream.requests.length).toBe(0);

  for (const session of alive) expect(session.isOpen).toBe(true);
  await alive[0]!.json(CALL);
  expect(await alive[0]!.nextJson()).toMatchObject({ id: 1, result: { status: 200 } });
  const rest = JSON.stringify(CALL).slice('{"jsonrpc":'.length);
  await alive[1]!.frame({ opcode: OPCODE.continuation, payload: rest });
  expect(await alive[1]!.nextJson()).toMatchObject({ id: 1 });

  for (const session of alive) session.destroy();
  const gauges = ['websocket_sessions_open', 'connections_open', 'exchanges_in_flight'];
  for (const name of gauges) await eventually(() => gateway.metric(`xingyun_${name}`)).toBe(0);
  expect(gateway.log).not.toMatch(/"level":[56]0/);
});
