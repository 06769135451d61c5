/** An admin listener with plausible figures, for the page of the console. */
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { type FastifyInstance, fastify } from 'fastify';
import { WebSocketServer } from 'ws';
import { addConsolePage } from '../../../src/control-plane/console/serve-page.ts';
import { addActions, type MockTuning, startTuning } from './actions.ts';
import { addAdvice, BUSY } from './advice.ts';
import { frameAt } from './frames.ts';
import {
  alertsAt,
  foundRequests,
  KNOWN_REQUEST,
  memoryAt,
  topItems,
  wholeRequest,
} from './records.ts';
import { curveOf, trafficBetween } from './traffic.ts';

export const OPERATOR_TOKEN = 'mock-operator-token';
const COOKIE = 'xingyun-console=mock';
const HELLO_FRAMES = 60;
/** Open to everybody where nobody needs to sign in; all else is for operators. */
const FIGURES = /^\/v1\/(live|history|distribution)\b/;

export interface MockOptions {
  /** Of the built page. */
  readonly folder: string;
  /** `none`: on loopback, where figures are for everybody. */
  readonly session: 'needed' | 'none' | 'signed-in';
  /** Of whoever signs in; `operator` where absent. */
  readonly roles?: readonly string[];
  readonly port?: number;
}

export class MockGateway {
  readonly tuning: MockTuning = startTuning();
  /** What advice is by. */
  measured = BUSY;
  /** Method and path of each change that was asked for, with its reason. */
  readonly changes: { readonly asked: string; readonly reason: string }[] = [];
  private readonly app: FastifyInstance;
  private readonly sockets = new WebSocketServer({ noServer: true });
  private readonly startedAtMs = Date.now() - 9_412_000;
  private session: MockOptions['session'];
  private readonly roles: readonly string[];
  private readonly timer: NodeJS.Timeout;
  private sends = true;
  private isMute = false;
  origin = '';
  /** Until `/v1/history` answers, as where there is much to add up. */
  historyDelayMs = 0;
  /** Until it answers who is signed in, with what was so when it was asked. */
  sessionDelayMs = 0;
  /** Live connections that were taken. */
  connections = 0;
  /** Paths with their queries that were asked for. */
  readonly asked: string[] = [];

  private constructor({ folder, session, roles = ['operator'] }: MockOptions) {
    this.session = session;
    this.roles = roles;
    this.app = fastify({ forceCloseConnections: true });
    addConsolePage(this.app, folder);
    this.addSession();
    this.addFigures();
    this.addSearches();
    addAdvice(this.app, () => this.measured);
    addActions(this.app, this.tuning, (asked, reason) => this.changes.push({ asked, reason }));
    this.app.server.on('upgrade', (request, socket, head) => this.upgrade(request, socket, head));
    this.timer = setInterval(() => this.sendFrame(), 1_000);
  }

  static async start(options: MockOptions): Promise<MockGateway> {
    const gateway = new MockGateway(options);
    await gateway.app.listen({ host: '127.0.0.1', port: options.port ?? 0 });
    const { port } = gateway.app.server.address() as AddressInfo;
    gateway.origin = `http://127.0.0.1:${port}`;
    return gateway;
  }

  /** Ends every live connection and takes none until `comeBack`. */
  loseConnections(): void {
    this.sends = false;
    for (const socket of this.sockets.clients) socket.terminate();
  }

  comeBack(): void {
    this.sends = true;
    this.isMute = false;
  }

  /** Keeps connections, and sends nothing on them any more: as where a path has gone away. */
  goMute(): void {
    this.isMute = true;
  }

  /** Forgets who is signed in, as a restart does. */
  endSessions(): void {
    this.session = 'needed';
    for (const socket of this.sockets.clients) socket.terminate();
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    this.loseConnections();
    await this.app.close();
  }

  /** Whether figures are for everybody. */
  private get isOpen(): boolean {
    return this.session === 'none';
  }

  private isSignedIn(cookie: string | undefined): boolean {
    return this.session === 'signed-in' || cookie?.includes(COOKIE) === true;
  }

  private mayRead(url: string, cookie: string | undefined): boolean {
    return this.isSignedIn(cookie) || (this.isOpen && FIGURES.test(url));
  }

  private addSession(): void {
    const operator = { operator: 'liu.wei', roles: this.roles };
    const path = '/v1/console/session';
    this.app.addHook('onRequest', async (request, reply) => {
      this.asked.push(request.url);
      const isOpen = request.url === path || request.url.startsWith('/console');
      const mayRead = this.mayRead(request.url, request.headers.cookie);
      if (!isOpen && !mayRead) await refuse(reply, 401);
      const isChange = request.method !== 'GET';
      if (isChange && request.headers['x-xingyun-console'] !== '1') await refuse(reply, 403);
    });
    this.app.get(path, async (request, reply) => {
      const signInNeeded = !this.isOpen;
      const isSignedIn = this.isSignedIn(request.headers.cookie);
      await pause(this.sessionDelayMs);
      if (isSignedIn) return { ...operator, signInNeeded };
      if (this.isOpen) return { operator: null, roles: [], signInNeeded };
      return refuse(reply, 401);
    });
    this.app.post<{ Body: { token: string } }>(path, (request, reply) => {
      if (request.body.token !== OPERATOR_TOKEN) return refuse(reply, 401);
      return reply
        .header('set-cookie', `${COOKIE}; HttpOnly; SameSite=Strict; Path=/`)
        .send({ ...operator, signInNeeded: !this.isOpen });
    });
    this.app.delete(path, (_, reply) =>
      reply.header('set-cookie', `${COOKIE}; Max-Age=0; Path=/`).code(204).send(),
    );
  }

  private addFigures(): void {
    type Span = { Querystring: { fromMs: string; toMs: string; steps: string } };
    this.app.get<Span>('/v1/history', async ({ query }) => {
      await pause(this.historyDelayMs);
      const [fromMs, toMs] = [Number(query.fromMs), Number(query.toMs)];
      const stepMs = Math.max(
        1_000,
        Math.ceil((toMs - fromMs) / Number(query.steps) / 1_000) * 1_000,
      );
      const first = Math.ceil(fromMs / stepMs) * stepMs;
      const steps = Math.floor((toMs - first) / stepMs);
      const rows = Array.from({ length: Math.max(0, steps) }, (_, step) =>
        trafficBetween(first + step * stepMs, first + (step + 1) * stepMs),
      );
      return { stepMs, rows };
    });
    this.app.get<Span>('/v1/distribution', ({ query }) => {
      const traffic = trafficBetween(Number(query.fromMs), Number(query.toMs));
      return { traffic, curve: curveOf(Math.floor(traffic.fromMs / 1_000), traffic.exchanges) };
    });
    this.app.get('/v1/alerts', () => ({ alerts: alertsAt(Date.now()) }));
  }

  private addSearches(): void {
    this.app.get<{ Params: { id: string } }>('/v1/requests/:id', ({ params }, reply) =>
      params.id === KNOWN_REQUEST ? wholeRequest(Date.now()) : refuse(reply, 404),
    );
    this.app.get<{ Querystring: Record<string, string> }>('/v1/requests', ({ query }) => ({
      items: foundRequests(Date.now(), query),
      memory: memoryAt(Date.now()),
    }));
    this.app.get<{ Querystring: { by: string; order: string; windowSeconds: string } }>(
      '/v1/top',
      ({ query: { by, order, windowSeconds } }) => ({
        coveredSeconds: Math.min(41.7, Number(windowSeconds)),
        items: topItems(by, order, Number(windowSeconds)),
        unnamed: { exchanges: 12, refused: 12, meanMs: 0.64, p99Ms: 0.71 },
      }),
    );
  }

  private upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    if (
      !this.sends ||
      request.url !== '/v1/live' ||
      !this.mayRead(request.url, request.headers.cookie)
    ) {
      socket.destroy();
      return;
    }
    this.sockets.handleUpgrade(request, socket, head, opened => {
      this.connections++;
      if (this.isMute) return;
      const nowMs = Math.floor(Date.now() / 1_000) * 1_000;
      const frames = Array.from({ length: HELLO_FRAMES }, (_, index) =>
        frameAt(nowMs - (HELLO_FRAMES - 1 - index) * 1_000, this.workers),
      );
      const { startedAtMs } = this;
      opened.send(JSON.stringify({ kind: 'hello', version: '0.1.0', startedAtMs, frames }));
    });
  }

  private get workers(): number {
    return this.tuning.settings.workersPerFront;
  }

  private sendFrame(): void {
    if (!this.sends || this.isMute) return;
    const frame = JSON.stringify(frameAt(Math.floor(Date.now() / 1_000) * 1_000, this.workers));
    for (const socket of this.sockets.clients) socket.send(frame);
  }
}

const CODES: Readonly<Record<number, string>> = {
  401: 'unauthorized',
  403: 'role-insufficient',
  404: 'missing',
};

function refuse(reply: { code(status: number): { send(body: unknown): unknown } }, status: number) {
  const code = CODES[status]!;
  return reply.code(status).send({ type: 'about:blank', title: code, status, code, detail: code });
}
