/** The sessions room of a front, with sockets whose peers read when a test says so. */
import type { Config } from '../../../src/core/config.ts';
import { CounterSet } from '../../../src/core/counters.ts';
import type { EventRecord, ReplayRequest } from '../../../src/core/events.ts';
import { Exchange, type Identity, PENDING } from '../../../src/core/exchange.ts';
import type { ProblemName } from '../../../src/core/problems.ts';
import type {
  AppFigure,
  HandshakeTransport,
  MessageSocket,
  SocketListener,
} from '../../../src/core/sessions.ts';
import type { CompiledSnapshot, SnapshotHolder, TopicRecord } from '../../../src/core/snapshot.ts';
import { Pipeline } from '../../../src/data-plane/pipeline.ts';
import { Sessions } from '../../../src/data-plane/sessions/index.ts';
import { aKeyEntry, anArrival, identified, RecordingDriver } from '../../support/exchanges.ts';
import { anOperation, aSnapshot } from './operations.ts';

export const JOURNAL_ID = '0123abcd';
export const NOTICES: TopicRecord = {
  id: 'notices',
  apiId: 'accounts',
  scopes: [],
  audience: 'everyone',
};
const [SENT, BUFFERED] = [1, 0] as const;

const DEFAULTS: Config['webSocket'] = {
  path: '/ws',
  connectionsPerAppMax: 100,
  messageMaxBytes: 65_536,
  batchMax: 8,
  messagesInFlightMax: 8,
  messagesPerSecondMax: 1_000_000,
  messagesBurstMax: 1_000_000,
  subscriptionsMax: 4,
  idleTimeoutMs: 60_000,
  answerMaxBytes: 1_024,
  sendBufferMaxBytes: 4_096,
  sendBuffersMaxBytes: 1_048_576,
  slowConsumerTimeoutMs: 5_000,
  compression: 'off',
};

// biome-ignore lint/suspicious/noExplicitAny: tests look into messages of every shape.
type Message = any;

export class FakeSocket implements MessageSocket {
  /** What the peer has read, parsed. */
  readonly read: Message[] = [];
  ended: string | undefined;
  /** Whether the kernel takes everything at once. */
  isReading = true;
  private readonly waiting: Uint8Array[] = [];
  private readonly listener: SocketListener;

  constructor(listener: SocketListener) {
    this.listener = listener;
  }

  send(message: Uint8Array): number {
    this.requireOpen();
    const copy = new Uint8Array(message);
    if (this.isReading) this.read.push(JSON.parse(Buffer.from(copy).toString()));
    else this.waiting.push(copy);
    return this.isReading ? SENT : BUFFERED;
  }

  end(code: number, reason: string): void {
    this.leave(`${code} ${reason}`);
  }

  close(): void {
    this.leave('cut');
  }

  getBufferedAmount(): number {
    this.requireOpen();
    return this.waiting.reduce((sum, { length }) => sum + length, 0);
  }

  /** The peer reads all that waits, and goes on reading. */
  drain(): void {
    if (this.ended !== undefined) return;
    this.isReading = true;
    const had = this.waiting.splice(0);
    for (const one of had) this.read.push(JSON.parse(Buffer.from(one).toString()));
    if (had.length > 0) this.listener.onDrain();
  }

  receive(message: unknown): void {
    if (this.ended !== undefined) return;
    const text = typeof message === 'string' ? message : JSON.stringify(message);
    const bytes = new Uint8Array(Buffer.from(text)).buffer;
    this.listener.onMessage(bytes, false);
  }

  /** The peer leaves. */
  leave(how = 'left'): void {
    this.requireOpen();
    this.ended = how;
    this.listener.onClose(1_000);
  }

  private requireOpen(): void {
    if (this.ended !== undefined) throw new Error(`used after it was closed: ${this.ended}`);
  }
}

export interface RoomOptions {
  readonly config?: Partial<Config['webSocket']>;
  readonly bodiesBufferedMaxBytes?: number;
}

export class SessionRoom {
  readonly sessions: Sessions;
  readonly counters = new CounterSet();
  readonly problems: ProblemName[] = [];
  readonly figures: Partial<Record<AppFigure, number>> = {};
  readonly recorded: Exchange[] = [];
  readonly bugs: unknown[] = [];
  readonly sockets: FakeSocket[] = [];
  /** Calls that their upstream has, in the order in which they came. */
  readonly upstream: Exchange[] = [];
  readonly asked: { readonly ask: number; readonly request: ReplayRequest }[] = [];
  readonly snapshots: SnapshotHolder;
  private published = 0;

  constructor({ config = {}, bodiesBufferedMaxBytes = 1e9 }: RoomOptions = {}) {
    const operations = [anOperation({ id: 'a.b', method: 'POST', pathTemplate: '/a/b' })];
    this.snapshots = { current: withKey(aSnapshot(operations, [NOTICES])) };
    this.sessions = new Sessions({
      config: {
        webSocket: { ...DEFAULTS, ...config },
        limits: { bodiesBufferedMaxBytes },
        telemetry: { tracing: {} },
      } as Config,
      counters: this.counters,
      snapshots: this.snapshots,
      clock: { wallMs: () => 1_000, monotonicMs: () => performance.now() },
      meters: { meter: () => ({ add: (figure, amount) => this.count(figure, amount) }) },
      journal: { journalId: JOURNAL_ID, head: 0 },
      askReplay: (ask, request) => this.asked.push({ ask, request }),
      countProblem: name => this.problems.push(name),
      onDelivered: () => undefined,
    });
    this.sessions.send(this.createPipeline());
  }

  open(): FakeSocket {
    const transport: HandshakeTransport = {
      handle: undefined,
      sink: { begin() {}, write: () => true, end() {}, abort() {} },
      upgrade: (_exchange, _subprotocol, listener) => {
        const socket = new FakeSocket(listener);
        this.sockets.push(socket);
        listener.onOpen(socket);
      },
    };
    const headers = ['sec-websocket-protocol', 'xingyun.v1+json'];
    const exchange = new Exchange(anArrival({ headers }), transport, new RecordingDriver());
    exchange.identity = identity();
    const refusal = this.sessions.checkHandshake(exchange) ?? this.sessions.openSession(exchange);
    if (refusal !== undefined) throw new Error('the handshake was refused');
    return this.sockets.at(-1)!;
  }

  call(socket: FakeSocket, id: string | number | undefined, more: object = {}): void {
    socket.receive({ jsonrpc: '2.0', ...(id !== undefined && { id }), method: 'a.b', ...more });
  }

  /** The upstream answers its oldest call with so many bytes; false where it has none. */
  answer(bytes = 2): boolean {
    const exchange = this.upstream.shift();
    if (exchange === undefined) return false;
    if (exchange.completed) return this.answer(bytes);
    const { sink } = exchange.transport;
    sink.begin(exchange, 200, ['content-type', 'application/json'], bytes, true);
    exchange.source = undefined;
    sink.end(exchange, Buffer.from(`"${'x'.repeat(bytes - 2)}"`));
    return true;
  }

  publish(text = ''): EventRecord {
    this.published++;
    const event: EventRecord = {
      topic: NOTICES.id,
      partnerId: undefined,
      id: `n-${this.published}`,
      time: '2026-11-26T01:00:00.000Z',
      data: JSON.stringify(text),
      sequence: this.published,
    };
    this.sessions.takeEvents([event]);
    return event;
  }

  gauge(name: Parameters<CounterSet['get']>[0]): number {
    return this.counters.get(name);
  }

  close(): void {
    this.sessions.closeAll();
    while (this.answer());
  }

  private count(figure: AppFigure, amount: number): void {
    this.figures[figure] = (this.figures[figure] ?? 0) + amount;
  }

  private createPipeline(): Pipeline {
    return new Pipeline(
      {
        admit: () => undefined,
        answerPublished: () => undefined,
        readBody: () => undefined,
        verify: () => undefined,
        route: exchange => {
          identified(exchange);
          return undefined;
        },
        prepareAnswer: () => undefined,
        limit: () => undefined,
        claimKey: () => undefined,
        convertRequest: () => undefined,
        forward: exchange => {
          // Not safe, and so finished with whatever becomes of its caller.
          exchange.source = {
            resume: () => undefined,
            cancel: () => undefined,
            giveUp: () => undefined,
          };
          this.upstream.push(exchange);
          return PENDING;
        },
        writeProblem: this.sessions.writeProblem,
        release: this.sessions.release,
        record: exchange => this.recorded.push(exchange),
        reportBug: error => this.bugs.push(error),
      },
      this.counters,
    );
  }
}

function identity(): Identity {
  return { entry: aKeyEntry(), scheme: 'rfc9421', viaSession: false };
}

/** With the key of every session, which is looked at again and again. */
function withKey(snapshot: CompiledSnapshot): CompiledSnapshot {
  const { entry } = identity();
  return { ...snapshot, keys: new Map([[entry.key.id, entry]]) };
}
