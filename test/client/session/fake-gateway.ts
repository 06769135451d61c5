/** The gateway's side of docs/websocket.md on a real port, for as much as a client can notice. */
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { Packr } from 'msgpackr';
import { type WebSocket, WebSocketServer } from 'ws';
import { isSigned, type VerifyingKey } from './foreign-verifier.ts';

export interface Message {
  readonly id?: number;
  readonly method: string;
  readonly params: Readonly<Record<string, unknown>> & {
    readonly topic?: string;
    readonly after?: string;
    readonly method?: string;
    readonly path?: string;
    readonly headers?: Readonly<Record<string, string>>;
    readonly body?: unknown;
  };
}

export interface Refusal {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly text: string;
  /** The connection ends before the text does that its length announces. */
  readonly isCut?: boolean;
}

interface JournalEntry {
  readonly topic: string;
  readonly sequence: number;
  readonly id: string;
  readonly data: unknown;
}

const packr = new Packr({ useRecords: false });
const SIGNATURE_CARRIERS = ['signature-input', 'signature'] as const;

/** One session of a client. */
export class Peer {
  readonly socket: WebSocket;
  readonly messages: Message[] = [];
  /** As they came, before they were decoded. */
  readonly frames: string[] = [];
  readonly topics = new Set<string>();
  private readonly gateway: FakeGateway;

  constructor(socket: WebSocket, gateway: FakeGateway) {
    this.socket = socket;
    this.gateway = gateway;
    socket.on('message', (data, isBinary) => this.receive(data as Buffer, isBinary));
    socket.on('error', () => socket.terminate());
    socket.on('close', () => gateway.peers.delete(this));
  }

  get isBinary(): boolean {
    return this.socket.protocol === 'xingyun.v1+msgpack';
  }

  send(message: object): void {
    this.socket.send(this.isBinary ? packr.pack(message) : JSON.stringify(message));
  }

  answer(id: number | undefined, body: unknown, status = 200): void {
    if (id === undefined) return;
    const shown = this.isBinary ? Buffer.from(JSON.stringify(body)) : body;
    this.send({ jsonrpc: '2.0', id, result: { status, body: shown } });
  }

  refuse(id: number | undefined, code: string, status = 400): void {
    const data = { type: `/problems/${code}`, title: code, status, code, requestId: 'req-1' };
    this.send({ jsonrpc: '2.0', id, error: { code: -32_000, message: code, data } });
  }

  notify(method: string, params: object): void {
    this.send({ jsonrpc: '2.0', method, params });
  }

  deliver({ topic, sequence, id, data }: JournalEntry): void {
    const shown = this.isBinary ? Buffer.from(JSON.stringify(data)) : data;
    const cursor = `c.${sequence}`;
    this.notify('event', { topic, cursor, id, time: '2026-11-26T01:00:00.000Z', data: shown });
  }

  private receive(data: Buffer, isBinary: boolean): void {
    if (isBinary !== this.isBinary) {
      this.socket.close(1003, 'frame-type');
      return;
    }
    const text = data.toString('utf8');
    this.frames.push(text);
    const value = (isBinary ? packr.unpack(data) : JSON.parse(text)) as Message | Message[];
    for (const message of Array.isArray(value) ? value : [value]) {
      this.messages.push(message);
      this.gateway.serve(message, this);
    }
  }
}

export class FakeGateway {
  readonly peers = new Set<Peer>();
  /** Every session that was opened, in order. */
  readonly opened: Peer[] = [];
  /** Handshakes that arrived, with what a browser put into its subprotocols. */
  readonly handshakes: Record<string, string>[] = [];
  /** Refusals of the next handshakes. */
  readonly refusals: Refusal[] = [];
  /** Answers calls; an echo where nothing else is set. */
  answer: (message: Message, peer: Peer) => void = echo;
  /** Cursors before this have expired. */
  journalFrom = 0;
  private readonly journal: JournalEntry[] = [];
  private readonly keys: ReadonlyMap<string, VerifyingKey>;
  private readonly server: Server;
  private readonly sockets: WebSocketServer;

  private constructor(keys: ReadonlyMap<string, VerifyingKey>) {
    this.keys = keys;
    this.sockets = new WebSocketServer({ noServer: true });
    this.server = createServer((_request, response) => response.writeHead(404).end());
    this.server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      socket.on('error', () => socket.destroy());
      void this.upgrade(request, socket, head);
    });
  }

  static async start(keys: ReadonlyMap<string, VerifyingKey>): Promise<FakeGateway> {
    const gateway = new FakeGateway(keys);
    await new Promise<void>(resolve => gateway.server.listen(0, '127.0.0.1', resolve));
    return gateway;
  }

  get baseUrl(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  get last(): Peer {
    return this.opened.at(-1)!;
  }

  get journalLength(): number {
    return this.journal.length;
  }

  /** Appends to the journal and sends to who listens. */
  publish(topic: string, data: unknown, id = `e-${this.journal.length + 1}`): void {
    const entry = { topic, sequence: this.journal.length + 1, id, data };
    this.journal.push(entry);
    for (const peer of this.peers) if (peer.topics.has(topic)) peer.deliver(entry);
  }

  refuse(status: number, document: object, headers: Readonly<Record<string, string>> = {}): void {
    const type = { 'content-type': 'application/problem+json' };
    this.refusals.push({
      status,
      headers: { ...type, ...headers },
      text: JSON.stringify(document),
    });
  }

  /** Ends all connections without a word. */
  cut(): void {
    for (const { socket } of this.peers) socket.terminate();
  }

  async close(): Promise<void> {
    this.cut();
    this.server.closeAllConnections();
    await new Promise(resolve => this.server.close(resolve));
  }

  serve(message: Message, peer: Peer): void {
    const { id, method, params } = message;
    if (method === 'subscribe') this.subscribe(message, peer);
    else if (method === 'unsubscribe') {
      peer.topics.delete(params.topic!);
      peer.send({ jsonrpc: '2.0', id, result: {} });
    } else if (method !== 'cancel') this.answer(message, peer);
  }

  private subscribe({ id, params }: Message, peer: Peer): void {
    const { topic, after } = params;
    if (topic === 'forbidden') {
      peer.refuse(id, 'scope-insufficient', 403);
      return;
    }
    const from = after === undefined ? this.journal.length : Number(after.slice(2));
    if (from < this.journalFrom) {
      peer.refuse(id, 'cursor-expired', 410);
      return;
    }
    peer.topics.add(topic!);
    peer.send({ jsonrpc: '2.0', id, result: { topic, cursor: `c.${from}` } });
    for (const entry of this.journal) {
      if (entry.topic === topic && entry.sequence > from) peer.deliver(entry);
    }
  }

  private async upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const headers = withCarriedFields(request);
    this.handshakes.push(headers);
    const refusal = this.refusals.shift();
    if (refusal !== undefined) {
      refuseUpgrade(socket, refusal);
      return;
    }
    const url = this.baseUrl + request.url;
    if (!(await isSigned({ method: 'GET', url, headers, body: undefined }, this.keys))) {
      const document = { type: '/problems/signature-invalid', code: 'signature-invalid' };
      const type = { 'content-type': 'application/problem+json' };
      refuseUpgrade(socket, { status: 401, headers: type, text: JSON.stringify(document) });
      return;
    }
    this.sockets.handleUpgrade(request, socket, head, webSocket => {
      const peer = new Peer(webSocket, this);
      this.peers.add(peer);
      this.opened.push(peer);
    });
  }
}

/** Answers with what was asked. */
export const echo: FakeGateway['answer'] = ({ id, method, params }, peer) => {
  const body = params.body instanceof Uint8Array ? String(params.body) : params.body;
  peer.answer(id, { method, ...params, ...(body === undefined ? {} : { body }) });
};

function refuseUpgrade(socket: Duplex, { status, headers, text, isCut }: Refusal): void {
  const lines = Object.entries(headers ?? {}).map(([name, value]) => `${name}: ${value}\r\n`);
  const length = Buffer.byteLength(text) + (isCut ? 1 : 0);
  socket.end(
    `HTTP/1.1 ${status} Refused\r\n${lines.join('')}content-length: ${length}\r\n\r\n${text}`,
  );
}

/** A browser sends its signature in the subprotocols that it offers. */
function withCarriedFields({ headers }: IncomingMessage): Record<string, string> {
  const fields: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) fields[name] = String(value);
  for (const offered of (fields['sec-websocket-protocol'] ?? '').split(',')) {
    const token = offered.trim();
    const name = SIGNATURE_CARRIERS.find(carrier => token.startsWith(`xingyun.${carrier}.`));
    if (name === undefined) continue;
    fields[name] = Buffer.from(token.slice(`xingyun.${name}.`.length), 'base64url').toString();
  }
  return fields;
}
