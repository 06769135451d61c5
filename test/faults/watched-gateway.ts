/** A gateway to do wrong to, and a session beside it that must not notice. */
import { expect } from 'vitest';
import type { Config } from '../../src/core/config.ts';
import { answerOf, RawUpstream } from '../data-plane/upstream/raw-upstream.ts';
import { eventually } from '../support/eventually.ts';
import type { FrameSession } from '../support/frame-session.ts';
import { TestGateway } from '../support/gateway.ts';
import { type HandshakeOptions, openSession } from '../support/web-socket-frames.ts';

export const ECHO = '/sandbox/v1/echo';
const KEY_ID = 'huatong-supply-hmac';
/** A path with it is taken and never answered. */
export const SILENT = 'silent=1';

/** How a session ends without a close frame. */
export const CUT = { code: 1_006, reason: '' };

let lastId = 0;

/** A call with an id of its own. */
export function aCall(path = ECHO, more: object = {}) {
  lastId++;
  return { jsonrpc: '2.0', id: lastId, method: 'call', params: { method: 'GET', path, ...more } };
}

interface Answer {
  readonly id: number;
  readonly result?: { readonly status: number };
}

interface WatchedOptions {
  readonly webSocket?: Partial<Config['webSocket']>;
  readonly workers?: Partial<Config['workers']>;
}

export class WatchedGateway {
  readonly upstream: RawUpstream;
  readonly gateway: TestGateway;
  readonly signing = { keyId: KEY_ID };
  private readonly witness: FrameSession;
  private readonly pid: number | undefined;
  /** Sessions of the test that runs: one that fails must not fail the next. */
  private readonly opened: FrameSession[] = [];

  private constructor(upstream: RawUpstream, gateway: TestGateway, witness: FrameSession) {
    this.upstream = upstream;
    this.gateway = gateway;
    this.witness = witness;
    this.pid = gateway.process!.pid;
  }

  static async start(config: WatchedOptions): Promise<WatchedGateway> {
    const upstream = new RawUpstream(({ socket, head }) => {
      const answer = answerOf('{"ok":1}', 'content-type: application/json');
      if (!head.includes(SILENT)) socket.write(answer);
    });
    const gateway = await TestGateway.start({ upstreamPort: await upstream.listen(), config });
    const witness = await openSession(gateway, { keyId: KEY_ID });
    return new WatchedGateway(upstream, gateway, witness);
  }

  async open(options: HandshakeOptions = {}): Promise<FrameSession> {
    const session = await openSession(this.gateway, { ...this.signing, ...options });
    this.opened.push(session);
    return session;
  }

  async expectCalls(session: FrameSession): Promise<void> {
    const call = aCall();
    await session.json(call);
    const answer = await session.nextJson<Answer>();
    expect(answer).toMatchObject({ id: call.id, result: { status: 200 } });
  }

  /** How a session ends by these bytes, which bring no answer and reach no upstream. */
  async endedBy(bytes: Uint8Array, options: HandshakeOptions = {}) {
    const session = await this.open(options);
    const before = this.upstream.requests.length;
    await session.write(bytes);
    const { code, reason } = await session.closed();
    await expect(session.nextMessage()).rejects.toMatchObject({ name: 'SessionClosed' });
    expect(this.upstream.requests.length).toBe(before);
    return { code, reason };
  }

  /** Ends the sessions of a test; afterwards everything is as it was before it. */
  async expectUnharmed(): Promise<void> {
    for (const session of this.opened.splice(0)) session.destroy();
    await this.expectCalls(this.witness);
    const names = ['websocket_sessions_open', 'connections_open', 'exchanges_in_flight'];
    const gauges = () => Promise.all(names.map(name => this.gateway.metric(`xingyun_${name}`)));
    await eventually(gauges).toEqual([1, 1, 0]);
    const { pid, exitCode } = this.gateway.process!;
    expect([pid, exitCode]).toEqual([this.pid, null]);
    expect(this.gateway.log).not.toMatch(/"level":[56]0/);
  }

  async close(): Promise<void> {
    this.witness.destroy();
    await this.gateway.dispose();
    await this.upstream.close();
  }
}
