/**
 * The client's certificate on a TLS listener, parsed once per certificate.
 *
 * With a file of authorities the TLS library itself refuses, in the handshake, a certificate that
 * does not chain to them, is expired or is not for clients (seen on sockets, TLS 1.2 and 1.3). What
 * is left to check here is a certificate that expires while its connection or session lives on.
 */
import { createHash, X509Certificate } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { ClientCertificate } from '../../core/exchange.ts';
import type { HttpResponse } from './uws.ts';

const REMEMBERED_MAX = 10_000;

/**
 * Present in the native part of uWebSockets.js 20.57 on TLS listeners; its typings leave it out.
 */
export interface TlsResponse {
  /** PEM; '' where the client presented none. */
  getX509Certificate(): string;
}

interface Remembered {
  readonly certificate: ClientCertificate;
  readonly notAfterMs: number;
}

export class ClientCertificates {
  private readonly byPem = new LRUCache<string, Remembered>({ max: REMEMBERED_MAX });

  /** Undefined where there is none, or none that is valid at `wallMs`. */
  read(res: HttpResponse, wallMs: number): ClientCertificate | undefined {
    const pem = (res as HttpResponse & TlsResponse).getX509Certificate();
    if (pem === '') return undefined;
    let known = this.byPem.get(pem);
    if (known === undefined) {
      known = describeCertificate(pem);
      this.byPem.set(pem, known);
    }
    return wallMs <= known.notAfterMs ? known.certificate : undefined;
  }
}

function describeCertificate(pem: string): Remembered {
  const parsed = new X509Certificate(pem);
  return {
    certificate: {
      thumbprintSha256: sha256Of(parsed.raw),
      publicKeySha256: sha256Of(parsed.publicKey.export({ type: 'spki', format: 'der' })),
      subject: parsed.subject,
    },
    notAfterMs: Date.parse(parsed.validTo),
  };
}

function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('base64url');
}
