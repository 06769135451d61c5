/** Where a generator takes its next request from. */
import { randomBytes } from 'node:crypto';
import { PUBLIC_AUTHORITY } from '../gateway-files.ts';
import { SIGNATURE_BYTES, SignedRequest, type SignedShape } from './signed-request.ts';
import { readSignatures, type SignedSet } from './signed-set.ts';

export interface RequestSource {
  /** The next request as latin1. */
  next(): string;
}

/** Signed requests in the order of their numbers, each sent once. */
export class SignedRequests implements RequestSource {
  private readonly request: SignedRequest;
  private readonly signatures: Buffer;
  private readonly signatureBytes: number;
  private readonly first: number;
  private readonly count: number;
  private taken = 0;

  /** `signatures` are those of requests `first` and up, side by side. */
  constructor(shape: SignedShape, signatures: Buffer, first: number) {
    this.request = new SignedRequest(shape);
    this.signatures = signatures;
    this.signatureBytes = SIGNATURE_BYTES[shape.key];
    this.first = first;
    this.count = signatures.length / this.signatureBytes;
  }

  /** `count` requests of a set, from number `first` on. */
  static of(set: SignedSet, first: number, count: number): SignedRequests {
    return new SignedRequests(set.shape, readSignatures(set, first, count), first);
  }

  /** '' where there is none. */
  get body(): string {
    return this.request.body;
  }

  /**
   * `more` are whole lines of fields that are not signed.
   * @throws Error where all have been taken: a nonce must not be sent twice
   */
  next(more = ''): string {
    const signature = this.take();
    return this.request.render(this.first + this.taken - 1, signature, more);
  }

  /**
   * The signature of the next request as the fields of a session's message.
   * @throws Error where all have been taken
   */
  nextFields(): Record<string, string> {
    const signature = this.take();
    return this.request.fields(this.first + this.taken - 1, signature);
  }

  private take(): string {
    if (this.taken === this.count) throw new Error(`all ${this.count} signed requests are sent`);
    const start = this.taken * this.signatureBytes;
    this.taken += 1;
    return this.signatures.toString('base64', start, start + this.signatureBytes);
  }
}

/** The same with an Idempotency-Key, another one for each and beside the signature. */
export class KeyedRequests implements RequestSource {
  private readonly requests: SignedRequests;
  private readonly prefix = randomBytes(8).toString('hex');
  private count = 0;

  constructor(requests: SignedRequests) {
    this.requests = requests;
  }

  next(): string {
    this.count += 1;
    return this.requests.next(`idempotency-key: ${this.prefix}-${this.count}\r\n`);
  }
}

/** The same unsigned request again and again. */
export class PlainRequests implements RequestSource {
  private readonly text: string;

  constructor(method: string, path: string) {
    this.text = `${method} ${path} HTTP/1.1\r\nhost: ${PUBLIC_AUTHORITY}\r\n\r\n`;
  }

  next(): string {
    return this.text;
  }
}
