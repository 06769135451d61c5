/** Signed requests as bytes, for tests that need to place every one of them. */
import { createRequestSigner, type RequestSigner } from '../../src/client/index.ts';
import type { TestGateway } from './gateway.ts';

export interface RawCall {
  readonly method?: string;
  readonly path?: string;
  readonly body?: string | Uint8Array | undefined;
  /** Complete lines without their CRLF, placed before the signature. */
  readonly lines?: readonly string[];
  /** Lines in the place of the one with content-length. */
  readonly framing?: string | readonly string[] | undefined;
  /** The Host field, and with it what is signed; the listener's by default. */
  readonly host?: string;
}

export const ECHO = '/sandbox/v1/echo';

export class RawCalls {
  private readonly gateway: TestGateway;
  private readonly signer: RequestSigner;

  constructor(gateway: TestGateway, keyId?: string) {
    this.gateway = gateway;
    this.signer = createRequestSigner(gateway.credentials(keyId));
  }

  /** The head with its empty line, in latin1. */
  head(call: RawCall = {}): string {
    const { method = 'GET', path = ECHO, body, lines = [] } = call;
    const { host, protocol } = new URL(this.gateway.url);
    const authority = call.host ?? host;
    const bytes = body === undefined ? undefined : Buffer.from(body);
    const targetUri = `${protocol}//${authority}${path}`;
    const signed = this.signer.sign({ method, targetUri, body: bytes });
    const framing = call.framing ?? (bytes === undefined ? [] : `content-length: ${bytes.length}`);
    return [
      `${method} ${path} HTTP/1.1`,
      `host: ${authority}`,
      ...lines,
      ...Object.entries(signed).map(([name, value]) => `${name}: ${value}`),
      ...[framing].flat(),
      '',
      '',
    ].join('\r\n');
  }

  /** Head and body. */
  bytes(call: RawCall = {}): Buffer {
    return Buffer.concat([Buffer.from(this.head(call), 'latin1'), Buffer.from(call.body ?? '')]);
  }
}
