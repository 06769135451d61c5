/** A long seeded stream of damaged frames and messages: no crash, no hang, no growth. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Random } from '../../bench/load/random.ts';
import { answerOf, type RawRequest, RawUpstream } from '../data-plane/upstream/raw-upstream.ts';
import { type ChannelName, matching, unpack } from '../docs/asyncapi-document.ts';
import { eventually } from '../support/eventually.ts';
import { encodeFrame, OPCODE } from '../support/frame-codec.ts';
import type { FrameSession } from '../support/frame-session.ts';
import { TestGateway } from '../support/gateway.ts';
import { expectIdle, residentBytes } from '../support/gauges.ts';
import { openSession } from '../support/web-socket-frames.ts';
import {
  FUZZ_MESSAGE_MAX_BYTES,
  FUZZ_SUBPROTOCOLS,
  type FuzzCase,
  type FuzzSubprotocol,
  nextCase,
  sentinelCall,
} from './session-mutations.ts';

const CASES = Number(process.env.XINGYUN_FUZZ_CASES ?? 100_000);
const SEED = Number(process.env.XINGYUN_FUZZ_SEED ?? Math.floor(Math.random() * 2 ** 32));
/** Connections at once. */
const LANES = 8;
const CASES_PER_CONNECTION_MAX = 64;
/** Cases between two calls on a session that none of this may touch. */
const WITNESS_INTERVAL = 500;
/** The gateway collects its garbage before it is looked at: V8 would let it grow by 50 MB. */
const INSIDE = new URL('inside-process.ts', import.meta.url);
const NODE_OPTIONS = `--max-semi-space-size=1 --import ${INSIDE}`;
/** In the heap of its front: 7 bytes a case in 30,000 (measured), which is no object. */
const HELD_MAX_BYTES_PER_CASE = 40;
/** What is not the heap's shows in the RSS, which goes down more often than up. */
const RSS_MAX_BYTES_PER_CASE = 320;
const CHANNELS: Readonly<Record<FuzzSubprotocol, ChannelName>> = {
  'xingyun.v1+json': 'jsonSession',
  'xingyun.v1+msgpack': 'msgpackSession',
};

let upstream: RawUpstream;
let gateway: TestGateway;
let witness: Witness;
/** What reached the upstream and should not have. */
const strange: string[] = [];

beforeAll(async () => {
  upstream = new RawUpstream(request => {
    if (!isOneRequest(request)) strange.push(request.head);
    request.socket.write(answerOf('{"ok":1}', 'content-type: application/json'));
    upstream.requests.length = 0;
  });
  process.env.NODE_OPTIONS = NODE_OPTIONS;
  process.env.WOUND = 'collects';
  gateway = await TestGateway.start({
    upstreamPort: await upstream.listen(),
    config: {
      // So short that the table of nonces holds those of any number of cases.
      signatures: { createdMaxAgeMs: 8_000, clockSkewMs: 1_000 },
      webSocket: {
        messageMaxBytes: FUZZ_MESSAGE_MAX_BYTES,
        messagesPerSecondMax: 1_000_000,
        messagesBurstMax: 1_000_000,
      },
    },
    registry: registry => {
      registry.topics = [{ id: 'fuzz', name: 'Fuzz', api: 'sandbox', audience: 'everyone' }];
    },
  });
});

afterAll(async () => {
  delete process.env.NODE_OPTIONS;
  delete process.env.WOUND;
  await gateway?.dispose();
  await upstream?.close();
});

/** A head as the gateway writes it, for the one app that signs here. */
function isOneRequest({ head }: RawRequest): boolean {
  const [line, ...fields] = head.slice(0, -4).split('\r\n');
  const apps = fields.filter(field => field.startsWith('x-xingyun-app:'));
  return (
    /^[A-Z]+ \/[\x21-\x7e]* HTTP\/1\.1$/.test(line!) &&
    fields.every(field => /^[a-z0-9!#$%&'*+.^_`|~-]+: [\t\x20-\x7e]*$/.test(field)) &&
    apps.length === 1 &&
    apps[0] === 'x-xingyun-app: huatong-supply-app'
  );
}

const open = (subprotocol: FuzzSubprotocol) =>
  openSession(gateway, { keyId: 'huatong-supply-hmac', subprotocols: [subprotocol] });

/** A session beside the damaged ones, whose calls are answered all the time. */
class Witness {
  private readonly session: FrameSession;
  private calls = Promise.resolve();
  private done = 0;
  private next = WITNESS_INTERVAL;

  constructor(session: FrameSession) {
    this.session = session;
  }

  /** After so many cases more. */
  look(cases: number): Promise<void> {
    this.done += cases;
    if (this.done >= this.next) {
      this.next += WITNESS_INTERVAL;
      const id = `witness-${this.next}`;
      this.calls = this.calls.then(() => this.call(id));
    }
    return this.calls;
  }

  close(): void {
    this.session.destroy();
  }

  private async call(id: string): Promise<void> {
    await this.session.write(sentinelCall('xingyun.v1+json', id));
    expect(await this.session.nextJson()).toMatchObject({ id, result: { status: 200 } });
  }
}

/** One stream of cases, on one connection after the other. */
class Lane {
  private readonly random: Random;
  private readonly index: number;
  private connections = 0;

  constructor(index: number) {
    this.index = index;
    this.random = new Random(SEED, index);
  }

  /** Runs at most so many cases and returns how many it were. */
  async connection(casesMax: number): Promise<number> {
    this.connections++;
    const subprotocol = FUZZ_SUBPROTOCOLS[this.random.below(FUZZ_SUBPROTOCOLS.length)]!;
    const cases = this.cases(casesMax, subprotocol);
    const last = cases.at(-1)!;
    const survived = last.outcome === 'survives' ? cases : cases.slice(0, -1);
    try {
      const session = await open(subprotocol);
      await this.survive(session, survived, subprotocol);
      if (last.outcome !== 'survives') await this.send(session, last.bytes);
      if (last.outcome === 'ends') await session.closed();
      this.leave(session);
    } catch (error) {
      const place = `seed ${SEED}, lane ${this.index}, connection ${this.connections}`;
      const frames = cases.map(({ bytes }) => bytes.toString('base64')).join(' ');
      throw new Error(`${place}, ${subprotocol}: ${error}\n${frames}`, { cause: error });
    }
    return cases.length;
  }

  /** Up to the first that the session need not survive. */
  private cases(casesMax: number, subprotocol: FuzzSubprotocol): FuzzCase[] {
    const cases: FuzzCase[] = [];
    let last: FuzzCase;
    do {
      last = nextCase(this.random, subprotocol);
      cases.push(last);
    } while (cases.length < casesMax && last.outcome === 'survives');
    return cases;
  }

  /** Sends what a session has to survive and a call behind it, and reads up to its answer. */
  private async survive(
    session: FrameSession,
    cases: readonly FuzzCase[],
    subprotocol: FuzzSubprotocol,
  ): Promise<void> {
    const id = `sentinel-${this.connections}`;
    const frames = cases.map(({ bytes }) => bytes);
    await this.send(session, Buffer.concat([...frames, sentinelCall(subprotocol, id)]));
    for (;;) {
      const { bytes, text } = await session.nextMessage();
      const message = subprotocol === 'xingyun.v1+json' ? JSON.parse(text) : unpack(bytes);
      if (matching(CHANNELS[subprotocol], message).length !== 1) {
        throw new Error(`an answer that asyncapi.yaml does not know: ${JSON.stringify(message)}`);
      }
      if (message.id === id) return;
    }
  }

  /** At once, or in pieces that end anywhere. */
  private async send(session: FrameSession, bytes: Buffer): Promise<void> {
    if (this.random.below(4) > 0) return session.write(bytes);
    await session.dribble(bytes, 1 + this.random.below(bytes.length + 1_000));
  }

  private leave(session: FrameSession): void {
    switch (this.random.below(3)) {
      case 0:
        session.reset();
        break;
      case 1:
        session.destroy();
        break;
      default:
        session.socket.end(encodeFrame({ opcode: OPCODE.close }));
    }
  }
}

const lanes = Array.from({ length: LANES }, (_, index) => new Lane(index));

async function fuzz(cases: number): Promise<void> {
  let left = cases;
  witness = new Witness(await open('xingyun.v1+json'));
  await Promise.all(
    lanes.map(async lane => {
      while (left > 0) {
        const casesMax = Math.min(left, CASES_PER_CONNECTION_MAX);
        left -= casesMax;
        const done = await lane.connection(casesMax);
        left += casesMax - done;
        await witness.look(done);
      }
    }),
  );
  witness.close();
  await expectIdle(gateway);
  await eventually(() => gateway.metric('xingyun_websocket_sessions_open')).toBe(0);
  expect(strange).toEqual([]);
}

interface Memory {
  /** By the heap of the front, and outside for it. */
  readonly held: number;
  readonly resident: number;
}

/** Once the garbage is gone, in bytes. */
async function memory(): Promise<Memory> {
  const told = () => [...gateway.log.matchAll(/front-0 holds (\d+) bytes/g)];
  const before = told().length;
  gateway.process!.kill('SIGUSR2');
  await eventually(() => told().length).toBeGreaterThan(before);
  return { held: Number(told().at(-1)![1]), resident: residentBytes(gateway) };
}

it(`${CASES} cases leave the gateway as it was (seed ${SEED})`, async ({ annotate }) => {
  const { pid } = gateway.process!;
  await fuzz(CASES / 2);
  const before = await memory();
  await fuzz(CASES / 2);
  const after = await memory();
  const grown = (kind: keyof Memory) => Math.round((after[kind] - before[kind]) / (CASES / 2));
  await annotate(`bytes more for each case: ${grown('held')} held, ${grown('resident')} of RSS`);
  expect(grown('held')).toBeLessThan(HELD_MAX_BYTES_PER_CASE);
  expect(grown('resident')).toBeLessThan(RSS_MAX_BYTES_PER_CASE);
  expect([gateway.process!.pid, gateway.process!.exitCode]).toEqual([pid, null]);
  expect(gateway.log).not.toMatch(/"level":[56]0/);
  expect(await gateway.metric('xingyun_websocket_messages_received_total')).toBeGreaterThan(
    CASES / 4,
  );
}, 180_000);
