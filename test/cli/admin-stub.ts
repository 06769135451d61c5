/** An admin listener that answers what it is told to, for commands that speak to one. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface StubAnswer {
  readonly status?: number;
  readonly text: string;
  /** Ends the connection behind the text, in the middle of the answer. */
  readonly breaksOff?: boolean;
}

export class AdminStub {
  /** By path with its query; 404 for others. */
  readonly answers = new Map<string, StubAnswer>();
  /** Method and path of each request. */
  readonly requests: string[] = [];
  private readonly server: Server;

  private constructor() {
    this.server = createServer((request, response) => {
      this.requests.push(`${request.method} ${request.url}`);
      const { status = 200, text, breaksOff } = this.answers.get(request.url!) ?? NOT_FOUND;
      request.resume();
      const length = Buffer.byteLength(text) + (breaksOff ? 1 : 0);
      response.writeHead(status, { 'content-length': length });
      if (breaksOff) response.write(text, () => response.destroy());
      else response.end(text);
    });
  }

  static async start(): Promise<AdminStub> {
    const stub = new AdminStub();
    await new Promise<void>(done => stub.server.listen(0, '127.0.0.1', done));
    return stub;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.server.close();
  }
}

const NOT_FOUND: StubAnswer = { status: 404, text: '' };
