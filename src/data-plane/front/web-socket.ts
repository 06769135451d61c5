/**
 * The WebSocket side of the front: handshakes become exchanges of their own pipeline, and sockets
 * are handed to whoever the pipeline names.
 */
import type { Config } from '../../core/config.ts';
import type { CounterSet } from '../../core/counters.ts';
import {
  type AnswerSink,
  type Arrival,
  Exchange,
  type ExchangeIntake,
} from '../../core/exchange.ts';
import { type Problem, problem } from '../../core/problems.ts';
import type { HandshakeTransport, SocketListener, Subprotocol } from '../../core/sessions.ts';
import { withOfferedSignature } from './offered-signature.ts';
import { type Head, type HeadOptions, readHead } from './read-head.ts';
import {
  DISABLED,
  type HttpRequest,
  type HttpResponse,
  SHARED_COMPRESSOR,
  SHARED_DECOMPRESSOR,
  type TemplatedApp,
  type us_socket_context_t,
  type WebSocket,
  type WebSocketBehavior,
} from './uws.ts';

/** Beyond it uWebSockets.js cuts the connection; up to it we close with a code that says why. */
const NATIVE_MESSAGE_FACTOR = 2;
const MS_PER_SECOND = 1_000;

interface SocketData {
  readonly listener: SocketListener;
}
type Socket = WebSocket<SocketData>;

/** RFC 6455 section 4.4: the versions that we speak, with the refusal of any other. */
const UPGRADE_FIELDS = ['upgrade', 'websocket', 'sec-websocket-version', '13'] as const;

export interface WebSocketFrontOptions {
  readonly config: Config['webSocket'];
  readonly counters: CounterSet;
  readonly head: HeadOptions;
  readonly openSink: (res: HttpResponse) => AnswerSink;
  readonly refuseArrival: (arrival: Arrival) => Problem | undefined;
  /** The pipeline of handshakes. */
  readonly driver: ExchangeIntake;
}

/** A handshake's own part of its exchange. */
class Handshake implements HandshakeTransport {
  readonly handle: HttpResponse;
  readonly sink: AnswerSink;
  /** Never set: a handshake has no body. */
  readonly collector = undefined;
  private readonly key: string;
  private readonly extensions: string;
  private readonly context: us_socket_context_t;

  constructor(
    handle: HttpResponse,
    sink: AnswerSink,
    key: string,
    extensions: string,
    context: us_socket_context_t,
  ) {
    this.handle = handle;
    this.sink = sink;
    this.key = key;
    this.extensions = extensions;
    this.context = context;
  }

  upgrade(exchange: Exchange, subprotocol: Subprotocol, listener: SocketListener): void {
    exchange.status = 101;
    const data: SocketData = { listener };
    // Not corked, although the head then leaves in 24 small writes where the check was pooled.
    // Where the socket keeps its address while it grows into a WebSocket, HttpResponse::cork takes
    // it for an HTTP response still at its end, and may close it (native-notes/README.md).
    this.handle.upgrade(data, this.key, subprotocol, this.extensions, this.context);
  }
}

export class WebSocketFront {
  private readonly options: WebSocketFrontOptions;

  constructor(options: WebSocketFrontOptions) {
    this.options = options;
  }

  register(app: TemplatedApp): void {
    const { config } = this.options;
    app.ws<SocketData>(config.path, this.behavior());
    // Another method, or no Sec-WebSocket-Key that uWebSockets.js takes for one.
    app.any(config.path, (res, req) => this.receive(res, req, undefined));
  }

  private behavior(): WebSocketBehavior<SocketData> {
    const { config, counters } = this.options;
    const isShared = config.compression === 'shared';
    return {
      maxPayloadLength: config.messageMaxBytes * NATIVE_MESSAGE_FACTOR,
      // More than a session lets wait: it never comes to a silent drop.
      maxBackpressure: config.sendBufferMaxBytes + 8 * config.answerMaxBytes,
      idleTimeout: Math.round(config.idleTimeoutMs / MS_PER_SECOND),
      sendPingsAutomatically: true,
      compression: isShared ? SHARED_COMPRESSOR | SHARED_DECOMPRESSOR : DISABLED,
      upgrade: (res, req, context) => this.receive(res, req, context),
      open: (socket: Socket) => guarded(() => socket.getUserData().listener.onOpen(socket)),
      message: (socket: Socket, message, isBinary) => {
        // Before: a socket that was closed meanwhile has no user data.
        const { listener } = socket.getUserData();
        try {
          listener.onMessage(message, isBinary);
        } catch (error) {
          throwLater(error);
          guarded(() => listener.onBroken());
        }
      },
      drain: (socket: Socket) => guarded(() => socket.getUserData().listener.onDrain()),
      close: (socket: Socket, code) => {
        // The filter that counts connections does not see an upgraded one end.
        counters.add('connections_open', -1);
        guarded(() => socket.getUserData().listener.onClose(code));
      },
    };
  }

  /** onAborted comes first and nothing may throw: uWebSockets.js ends the process otherwise. */
  private receive(
    res: HttpResponse,
    req: HttpRequest,
    context: us_socket_context_t | undefined,
  ): void {
    const { driver } = this.options;
    let exchange: Exchange | undefined;
    let isStarted = false;
    const start = (refusal: Problem | undefined) => {
      isStarted = true;
      driver.start(exchange!, refusal);
    };
    res.onAborted(() => {
      if (isStarted) driver.abort(exchange!);
      else if (exchange !== undefined) exchange.aborted = true;
    });
    try {
      const head = readHead(res, req, this.options.head);
      const headers = withOfferedSignature(head.arrival.headers);
      const arrival: Arrival = { ...head.arrival, headers };
      const transport = this.transport(res, headers, context);
      exchange = new Exchange(arrival, transport, driver);
      const refusal = this.refuse(head, exchange, context !== undefined);
      // As the front does with a call whose end is not certain: what follows closes the connection.
      exchange.closeConnection = head.isSuspect || head.hasBody;
      if (exchange.closeConnection) setImmediate(start, refusal);
      else start(refusal);
    } catch (error) {
      throwLater(error);
      res.close();
    }
  }

  private transport(
    res: HttpResponse,
    headers: readonly string[],
    context: us_socket_context_t | undefined,
  ): Handshake {
    const key = field(headers, 'sec-websocket-key');
    const isOff = this.options.config.compression === 'off';
    const extensions = isOff ? '' : field(headers, 'sec-websocket-extensions');
    // Without a context it is refused before anybody upgrades.
    return new Handshake(res, this.options.openSink(res), key, extensions, context!);
  }

  private refuse(head: Head, exchange: Exchange, hasKey: boolean): Problem | undefined {
    return (
      head.refusal ??
      this.options.refuseArrival(head.arrival) ??
      (hasKey && isHandshake(exchange.arrival.headers)
        ? undefined
        : problem('upgrade-required', 'Send the handshake of RFC 6455, version 13.', [
            ...UPGRADE_FIELDS,
          ])) ??
      (head.hasBody ? problem('malformed-request', 'A handshake has no body.') : undefined)
    );
  }
}

/** A throw in a handler would end the process: it surfaces as an uncaught error of this thread. */
function throwLater(error: unknown): void {
  setImmediate(() => {
    throw error;
  });
}

function guarded(run: () => void): void {
  try {
    run();
  } catch (error) {
    throwLater(error);
  }
}

/** What RFC 6455 section 4.2.1 asks for beyond what uWebSockets.js looks at. */
function isHandshake(headers: readonly string[]): boolean {
  return (
    listHas(field(headers, 'upgrade'), 'websocket') &&
    listHas(field(headers, 'connection'), 'upgrade') &&
    field(headers, 'sec-websocket-version') === '13'
  );
}

function listHas(value: string, member: string): boolean {
  return value.split(',').some(part => part.trim().toLowerCase() === member);
}

/** The first value of a field, or ''. */
function field(headers: readonly string[], name: string): string {
  for (let i = 0; i < headers.length; i += 2) if (headers[i] === name) return headers[i + 1]!;
  return '';
}
