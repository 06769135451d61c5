/**
 * One signed request as a function of its number. `created` is fixed for a set and the nonce
 * follows from the number, so that of each request nothing but the signature has to be kept; the
 * rest is put together when it is sent. A test holds it against what the partner client signs.
 */
import { contentDigest } from '../../../src/client/request-signer.ts';
import { BENCH_ALGORITHMS, benchKeyId, type KeyName } from '../bench-folder.ts';
import { PUBLIC_AUTHORITY } from '../gateway-files.ts';

export interface RequestShape {
  readonly key: PresignedKey;
  readonly method: string;
  /** With its query, as it is sent. */
  readonly path: string;
  /** 0 for none. */
  readonly bodyBytes: number;
  /** Request n is signed by application n modulo this. */
  readonly apps: number;
}

export interface SignedShape extends RequestShape {
  /** Seconds since the epoch, of the whole set. */
  readonly created: number;
  /** Tells sets apart whose `created` is the same. */
  readonly noncePrefix: string;
}

/** Those whose signatures have one length: SM2's have several. */
export type PresignedKey = Exclude<KeyName, 'sm2'>;

/** Bytes of a signature; PKCS #1 v1.5 with 2048 bits, r and s side by side, SHA-256. */
export const SIGNATURE_BYTES: Readonly<Record<PresignedKey, number>> = {
  rsa: 256,
  es256: 64,
  hmac: 32,
};

const NUMBER_DIGITS = 10;
const CONTENT_TYPE = 'application/json';
const NOTE_START = '{"note":"';
const NOTE_END = '"}';

/** JSON of exactly that many bytes: an object, or a number where there is no room for one. */
export function bodyOf(bytes: number): string {
  const room = bytes - NOTE_START.length - NOTE_END.length;
  if (room < 0) return '1'.repeat(bytes);
  return `${NOTE_START}${'n'.repeat(room)}${NOTE_END}`;
}

/** What all requests of a set have in common, and the two functions of their number. */
export class SignedRequest {
  private readonly shape: SignedShape;
  /** Signature base before and behind what depends on the number. */
  private readonly baseStart: string;
  private readonly inputStart: string;
  private readonly head: string;
  /** Of the body, '' where there is none. */
  private readonly digest: string;
  private readonly trailer: string;
  /** '' where there is none. */
  readonly body: string;

  constructor(shape: SignedShape) {
    this.shape = shape;
    const { method, path, bodyBytes, created } = shape;
    this.body = bodyOf(bodyBytes);
    this.digest = bodyBytes === 0 ? '' : contentDigest(Buffer.from(this.body, 'latin1'));
    const covered = ['"@method"', '"@target-uri"'];
    this.baseStart = `"@method": ${method}\n"@target-uri": http://${PUBLIC_AUTHORITY}${path}\n`;
    let head = `${method} ${path} HTTP/1.1\r\nhost: ${PUBLIC_AUTHORITY}\r\n`;
    if (bodyBytes > 0) {
      const { digest } = this;
      covered.push('"content-digest"', '"content-type"');
      this.baseStart += `"content-digest": ${digest}\n"content-type": ${CONTENT_TYPE}\n`;
      head += `content-type: ${CONTENT_TYPE}\r\ncontent-length: ${bodyBytes}\r\n`;
      head += `content-digest: ${digest}\r\n`;
    }
    this.head = head;
    this.inputStart = `(${covered.join(' ')});created=${created};nonce="${shape.noncePrefix}`;
    this.trailer = `;alg="${BENCH_ALGORITHMS[shape.key]}"`;
  }

  /** What is signed (RFC 9421 section 2.5). */
  signatureBase(number: number): string {
    return `${this.baseStart}"@signature-params": ${this.input(number)}`;
  }

  /** The bytes on the wire, as latin1; `more` are whole lines of fields that are not signed. */
  render(number: number, signature: string, more = ''): string {
    const fields = `signature-input: sig=${this.input(number)}\r\nsignature: sig=:${signature}:`;
    return `${this.head}${more}${fields}\r\n\r\n${this.body}`;
  }

  /** The same signature as fields of a session's message, which says the rest by itself. */
  fields(number: number, signature: string): Record<string, string> {
    return {
      'signature-input': `sig=${this.input(number)}`,
      signature: `sig=:${signature}:`,
      ...(this.digest === '' ? {} : { 'content-digest': this.digest }),
    };
  }

  private input(number: number): string {
    const nonce = String(number).padStart(NUMBER_DIGITS, '0');
    const keyId = benchKeyId(this.shape.key, number % this.shape.apps);
    return `${this.inputStart}${nonce}";keyid="${keyId}"${this.trailer}`;
  }
}
