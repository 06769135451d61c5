// Receives sockets from the kernel and bytes from partners.
// Adds the arrival (method, canonical path, headers, peer, time) and the body.
// May refuse with malformed-request, client-certificate-required, body-too-large, request-timeout,
// overloaded.
import type { Config } from '../../core/config.ts';
import type { CounterSet } from '../../core/counters.ts';
import type { WheelDeadline } from '../../core/deadline-wheel.ts';
import {
  type AnswerSink,
  type Arrival,
  type ClientCertificate,
  Exchange,
  type ExchangeIntake,
  type StepResult,
  type Transport,
} from '../../core/exchange.ts';
import { headSampling } from '../../core/head-sampling.ts';
import { type Problem, problem, problemDocument } from '../../core/problems.ts';
import type { SnapshotHolder } from '../../core/snapshot.ts';
import { TraceIds } from '../../core/trace.ts';
import { CallerPatience, type PatientTransport } from './caller-patience.ts';
import { ClientCertificates } from './client-certificate.ts';
import { collectGarbage } from './collect-garbage.ts';
import { PeerAddresses } from './peer-address.ts';
import { type BodyCollector, BodyReader, type BodyTransport } from './read-body.ts';
import { type Head, type HeadOptions, readHead } from './read-head.ts';
import {
  App,
  type HttpRequest,
  type HttpResponse,
  SSLApp,
  type TemplatedApp,
  type us_listen_socket,
  us_listen_socket_close,
} from './uws.ts';
import { WebSocketFront } from './web-socket.ts';

/** How often overdue bodies are looked for: a fraction of the shortest bodyTimeoutMs. */
const SWEEP_INTERVAL_MS = 50;

/**
 * A turn of the loop takes what waits at the listener, and then does the rest of its work: one that
 * is as short as this leaves next to no time between the two.
 */
const CALM_TURN_MS = 0.2;
/** How many turns are looked at for one. */
const TURNS_MAX = 2_000;

const SHED_HEAD =
  '503 Service Unavailable\r\ncontent-type: application/problem+json\r\n' +
  'cache-control: no-store\r\n';

/** Says whether there is room for calls, before they are begun. */
export interface CallGate {
  /** Whether there is room for any call. */
  readonly isCalm: boolean;
  refuse(arrival: Arrival): Problem | undefined;
}

export interface FrontOptions {
  readonly gate?: CallGate | undefined;
  readonly config: Config;
  readonly counters: CounterSet;
  readonly snapshots: SnapshotHolder;
  /** Makes the writer for a response object; the respond room's door. */
  readonly openSink: (res: HttpResponse) => AnswerSink;
}

/** The HTTP transport's own part of an exchange, beside what the rooms see. */
class HttpTransport implements Transport, BodyTransport, PatientTransport {
  readonly handle: HttpResponse;
  readonly sink: AnswerSink;
  readonly head: Head;
  collector: BodyCollector | undefined = undefined;
  deadline: WheelDeadline<Exchange> | undefined = undefined;
  /** The pipeline knows of the exchange. */
  started = false;

  constructor(handle: HttpResponse, sink: AnswerSink, head: Head) {
    this.handle = handle;
    this.sink = sink;
    this.head = head;
  }
}

export class Front {
  private readonly options: FrontOptions;
  private readonly bodies: BodyReader;
  private readonly patience = new CallerPatience();
  private readonly head: HeadOptions;
  private readonly requireCertificate: boolean;
  private readonly gate: CallGate | undefined;
  private readonly sweeper: NodeJS.Timeout;
  private app: TemplatedApp | undefined;
  private socket: us_listen_socket | undefined;
  private driver: ExchangeIntake | undefined;

  constructor(options: FrontOptions) {
    const { listener, limits } = options.config;
    this.options = options;
    this.gate = options.gate;
    this.bodies = new BodyReader(limits, options.counters, setImmediate);
    this.requireCertificate = listener.tls?.clientCertificate === 'required';
    this.head = {
      scheme: listener.publicScheme ?? (listener.tls === undefined ? 'http' : 'https'),
      authority: listener.publicAuthority,
      headersMax: limits.headersMax,
      snapshots: options.snapshots,
      peers: new PeerAddresses(),
      traces: new TraceIds(headSampling(options.config.telemetry.tracing)),
      clientCertificate: certificateReader(options.config),
    };
    this.sweeper = setInterval(() => this.bodies.sweep(performance.now()), SWEEP_INTERVAL_MS);
    this.sweeper.unref();
  }

  /** While memory is short large bodies are refused, and what nobody holds is collected. */
  heedMemory(isShort: boolean): void {
    this.bodies.isMemoryShort = isShort;
    if (isShort) collectGarbage();
  }

  /**
   * Listens on host and port, together with the other fronts (SO_REUSEPORT); false when taken.
   * Calls and handshakes go to pipelines of their own.
   */
  listen(calls: ExchangeIntake, handshakes: ExchangeIntake): Promise<boolean> {
    this.driver = calls;
    this.patience.start(calls);
    const { config, counters, openSink } = this.options;
    const app = createApp(config);
    this.app = app;
    new WebSocketFront({
      config: config.webSocket,
      counters,
      head: this.head,
      openSink,
      refuseArrival: arrival => this.refuseCertificate(arrival),
      driver: handshakes,
    }).register(app);
    app.any('/*', (res, req) => this.receive(res, req));
    app.filter((res, change) => this.countConnection(res, Number(change)));
    return this.listenAgain();
  }

  /** After {@link stopListening}; false when the address was taken meanwhile. */
  listenAgain(): Promise<boolean> {
    const { host, port } = this.options.config.listener;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    this.app!.listen(host, port, socket => {
      if (socket !== false) this.socket = socket;
      resolve(socket !== false);
    });
    return promise;
  }

  readonly readBody = (exchange: Exchange): StepResult =>
    this.bodies.read(exchange, exchange.transport as HttpTransport);

  readonly release = (exchange: Exchange): void => {
    this.bodies.release(exchange, exchange.transport as HttpTransport);
    this.patience.end(exchange);
  };

  /**
   * Takes no new connection; those that are open stay. A connection that waits to be taken is reset
   * when its listener closes, so the queue is emptied until right before that: what comes in the
   * microseconds between is all that can be lost.
   */
  async stopListening(): Promise<void> {
    const { socket } = this;
    this.socket = undefined;
    if (socket === undefined) return;
    await oneTurn();
    for (let turn = 0; turn < TURNS_MAX; turn++) {
      const startedMs = performance.now();
      await oneTurn();
      if (performance.now() - startedMs < CALM_TURN_MS) break;
    }
    us_listen_socket_close(socket);
  }

  /** Closes every connection. The thread's loop can end afterwards. */
  close(): void {
    this.socket = undefined;
    this.app?.close();
    this.app = undefined;
    clearInterval(this.sweeper);
    this.patience.close();
  }

  private countConnection(res: HttpResponse, change: number): void {
    const { counters, config } = this.options;
    counters.add('connections_open', change > 0 ? 1 : -1);
    if (change < 0) return;
    counters.add('connections_accepted');
    if (counters.get('connections_open') <= config.limits.connectionsMax) return;
    counters.add('connections_refused');
    res.close();
  }

  /** onAborted comes first and nothing may throw: uWebSockets.js ends the process otherwise. */
  private receive(res: HttpResponse, req: HttpRequest): void {
    let exchange: Exchange | undefined;
    res.onAborted(() => {
      if (exchange !== undefined) this.abort(exchange);
    });
    try {
      const head = readHead(res, req, this.head);
      if (this.gate?.isCalm === false && this.shed(res, head)) return;
      const transport = new HttpTransport(res, this.options.openSink(res), head);
      exchange = new Exchange(head.arrival, transport, this.driver!);
      if (head.deadlineMs !== undefined) this.patience.begin(exchange, head.deadlineMs);
      if (head.isSuspect) this.startLater(exchange);
      else this.start(exchange);
    } catch (error) {
      setImmediate(() => {
        throw error;
      });
      res.close();
    }
  }

  /**
   * Refuses before anything is made of the call: an exchange that is begun, recorded and logged
   * costs three times as much, of which there is nothing to spare. It is counted and no more.
   */
  private shed(res: HttpResponse, { arrival, isSuspect, refusal }: Head): boolean {
    if (isSuspect || refusal !== undefined) return false;
    const overload = this.gate!.refuse(arrival);
    if (overload === undefined) return false;
    const { requestId, method } = arrival;
    const fields = `x-request-id: ${requestId}\r\nretry-after: ${overload.retryAfterSeconds}`;
    res.cork(() => {
      res.writeStatus(`${SHED_HEAD}${fields}`);
      if (method === 'HEAD') res.endWithoutBody();
      else res.end(problemDocument(overload, requestId));
    });
    return true;
  }

  private start(exchange: Exchange): void {
    const transport = exchange.transport as HttpTransport;
    transport.started = true;
    const refusal = transport.head.refusal ?? this.refuseCertificate(exchange.arrival);
    this.driver!.start(exchange, refusal);
  }

  /**
   * Answered at once, the connection would not be closed where what follows was read together with
   * this head: uWebSockets.js would parse that as the next request and forget the close. While the
   * answer is outstanding, a next request closes the connection.
   */
  private startLater(exchange: Exchange): void {
    exchange.closeConnection = true;
    setImmediate(() => this.start(exchange));
  }

  private abort(exchange: Exchange): void {
    if ((exchange.transport as HttpTransport).started) this.driver!.abort(exchange);
    else exchange.aborted = true;
  }

  private refuseCertificate(arrival: Head['arrival']): Problem | undefined {
    if (!this.requireCertificate || arrival.clientCertificate !== undefined) return undefined;
    return problem('client-certificate-required', 'This listener serves mutual TLS only.');
  }
}

/** Right after the loop has looked at every socket. */
function oneTurn(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  setImmediate(resolve);
  return promise;
}

/**
 * What RFC 9325 (BCP 195) section 4.2 recommends, and FAPI 2.0 Security Profile section 5.2.2 has
 * servers limit themselves to. TLS 1.3 has its own.
 */
const TLS_1_2_CIPHERS = [
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
].join(':');

function createApp(config: Config): TemplatedApp {
  const { tls } = config.listener;
  if (tls === undefined) return App();
  return SSLApp({
    cert_file_name: tls.certFile,
    key_file_name: tls.keyFile,
    ssl_ciphers: TLS_1_2_CIPHERS,
    ...(tls.clientCertificate === 'off' || tls.clientCaFile === undefined
      ? {}
      : { ca_file_name: tls.clientCaFile }),
  });
}

function certificateReader(config: Config): (res: HttpResponse) => ClientCertificate | undefined {
  const { tls } = config.listener;
  if (tls === undefined || tls.clientCertificate === 'off') return () => undefined;
  const certificates = new ClientCertificates();
  return res => certificates.read(res, Date.now());
}
