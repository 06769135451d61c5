import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { countArrivals } from '../../../../bench/load/arrivals.ts';
import { dialoguesOf } from '../../../../bench/load/create-dialogues.ts';
import { OpenLoop, type OpenLoopOptions } from '../../../../bench/load/open-loop.ts';
import type { TallyCounts } from '../../../../bench/load/run-tally.ts';
import { openSignedSet } from '../../../../bench/rig/presigned/signed-set.ts';
import { closePayload, encodeFrame, OPCODE } from '../../../support/frame-codec.ts';
import { acceptedHead, type Conduct, FakeSessions, type Peer } from './fake-sessions.ts';

const BODY = '{"ok":true}';
const folder = mkdtempSync(join(tmpdir(), 'xingyun-session-load-'));
afterAll(() => rmSync(folder, { recursive: true }));

const shape = { key: 'hmac', method: 'GET', path: '/ws', bodyBytes: 0, apps: 1 } as const;
const set = await openSignedSet(shape, 64, { validForMs: 60_000, folder });

let server: FakeSessions | undefined;
afterEach(() => server?.close());

const idOf = (text: string) => (JSON.parse(text) as { id: number }).id;
const good = (text: string) =>
  `{"jsonrpc":"2.0","id":${idOf(text)},"result":{"status":200,"body":${BODY}}}`;
const answerGood = (peer: Peer, text: string) => peer.send(good(text));

async function loopOn(conduct: Conduct, more: Partial<OpenLoopOptions> = {}): Promise<OpenLoop> {
  server = await FakeSessions.start(conduct);
  const arrivals = { rate: 400, durationMs: 1_000, rampMs: 0, seed: 3, stream: 0 };
  return new OpenLoop({
    ...{ host: '127.0.0.1', port: server.port, connections: 8, arrivals, warmUpMs: 0 },
    measuredMax: countArrivals(arrivals),
    drainMs: 300,
    createDialogue: dialoguesOf(
      {
        ...{ kind: 'session', format: 'json', method: 'GET', path: '/o', bodyBytes: 0 },
        handshakes: { set, first: 0, count: 64 },
        messages: undefined,
      },
      BODY,
    ),
    ...more,
  });
}

async function runAgainst(conduct: Conduct, more?: Partial<OpenLoopOptions>): Promise<TallyCounts> {
  const loop = await loopOn(conduct, more);
  await loop.open();
  const counts = await loop.run(performance.now() + 20);
  loop.close();
  const errors = Object.values(counts.errors).reduce((sum, count) => sum + count, 0);
  expect(counts.answered + errors + counts.missedSends).toBe(counts.requests);
  return counts;
}

describe('the open loop over sessions', () => {
  it('opens each with a signature of its own and gets an answer to every call', async () => {
    const counts = await runAgainst({ onMessage: answerGood });
    expect(counts.answered).toBe(counts.requests);
    expect(counts).toMatchObject({ errors: {}, connectionsLost: {}, openConnections: [8] });
    const nonces = server!.heads.map(head => /nonce="([^"]*)"/.exec(head)?.[1]);
    expect(new Set(nonces).size).toBe(8);
    expect(server!.messages).toBe(counts.requests);
  });

  it('tells what goes wrong by kind and goes on', async () => {
    const refusal = '{"code":-32000,"message":"m","data":{"code":"rate-limited","status":429}}';
    const counts = await runAgainst({
      onMessage: (peer, text, number) => {
        if (number === 10) peer.send(`{"jsonrpc":"2.0","id":${idOf(text)},"error":${refusal}}`);
        else if (number === 20) peer.send(good(text), OPCODE.binary);
        else if (number === 30) peer.send(closePayload(1008, 'key-inactive'), OPCODE.close);
        else if (number === 40) peer.socket.resetAndDestroy();
        else if (number === 60) peer.send(good(text).replace(/"id":\d+/, '"id":5'));
        else if (number !== 50) answerGood(peer, text);
      },
    });
    expect(counts.errors).toEqual({
      ...{ 'rate-limited': 1, 'malformed-answer': 1, 'closed-1008': 1, reset: 1, unanswered: 1 },
      'wrong-id': 1,
    });
    // Those that were lost were opened again, each with another handshake.
    expect(server!.heads).toHaveLength(8 + 3);
    expect(counts.connectionsLost).toEqual({});
  });

  it('answers pings, in the middle of a call and between two', async () => {
    const pongs: string[] = [];
    const counts = await runAgainst({
      onMessage: (peer, text) => {
        const ping = encodeFrame({ opcode: OPCODE.ping, payload: 'in', mask: false });
        const answer = encodeFrame({ payload: good(text), mask: false });
        const between = encodeFrame({ opcode: OPCODE.ping, payload: 'behind', mask: false });
        peer.socket.write(Buffer.concat([ping, answer, between]));
      },
      onControl: (_peer, opcode, payload) => pongs.push(`${opcode} ${payload}`),
    });
    expect(counts.answered).toBe(counts.requests);
    // The run ends with the last answer of each of the eight sessions, and what they wrote last
    // may be lost with their connections.
    for (const pong of ['10 in', '10 behind']) {
      const seen = pongs.filter(each => each === pong).length;
      expect(seen).toBeGreaterThanOrEqual(counts.requests - 8);
      expect(seen).toBeLessThanOrEqual(counts.requests);
    }
  });

  it('counts a session that is closed behind its answer', async () => {
    const counts = await runAgainst({
      onMessage: (peer, text, number) => {
        const answer = encodeFrame({ payload: good(text), mask: false });
        const close = encodeFrame({
          ...{ opcode: OPCODE.close, payload: closePayload(1001, 'goaway'), mask: false },
        });
        peer.socket.write(number === 10 ? Buffer.concat([answer, close]) : answer);
      },
    });
    expect(counts.connectionsLost).toEqual({ 'close-after-answer': 1 });
    expect(counts.answered).toBe(counts.requests);
  });

  it('does not take an answer that comes twice', async () => {
    const counts = await runAgainst({
      onMessage: (peer, text, number) => {
        const answer = encodeFrame({ payload: good(text), mask: false });
        peer.socket.write(number === 10 ? Buffer.concat([answer, answer]) : answer);
      },
    });
    expect(counts.errors).toEqual({ 'malformed-answer': 1 });
  });

  it.each([
    ['unsolicited-bytes', (peer: Peer) => peer.send('{"jsonrpc":"2.0","method":"goaway"}')],
    ['idle-close', (peer: Peer) => peer.send(closePayload(1001), OPCODE.close)],
  ])('counts as %s what comes before anything was asked', async (loss, speak) => {
    const loop = await loopOn({ onMessage: answerGood });
    await loop.open();
    speak(server!.peers[0]!);
    const counts = await loop.run(performance.now() + 100);
    loop.close();
    expect(counts.connectionsLost).toEqual({ [loss]: 1 });
    expect(counts.answered).toBe(counts.requests);
  });

  it.each([
    ['another accept key', (accept: string) => acceptedHead(`${accept.slice(0, -1)}_`)],
    ['another subprotocol', (accept: string) => acceptedHead(accept).replace('+json', '+other')],
    [
      'too-many-connections',
      () => 'HTTP/1.1 429 No\r\ncontent-length: 31\r\n\r\n{"code":"too-many-connections"}',
    ],
    ['something that is no answer', () => 'SSH-2.0-OpenSSH\r\n\r\n'],
  ])('does not start where the handshake brings %s', async (what, greet) => {
    const loop = await loopOn({ onMessage: answerGood, greet });
    await expect(loop.open()).rejects.toThrow(`the handshake was answered with ${what}`);
    loop.close();
  });

  it('gives up an opening that is never answered', async () => {
    const greet = () => '';
    const loop = await loopOn({ onMessage: answerGood, greet }, { requestTimeoutMs: 100 });
    const running = loop.run(performance.now());
    await expect(loop.open()).rejects.toThrow('failed before the run');
    loop.close();
    await running;
  });
});
