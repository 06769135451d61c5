/** The client's certificate on a TLS listener, parsed once per certificate. */
import { createHash, X509Certificate } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { ClientCertificate } from '../../core/exchange.ts';
import type { HttpResponse } from './uws.ts';

const REMEMBERED_MAX = 10_000;

/** Present in the native part of uWebSockets.js 20.57 on TLS listeners; its typings leave it out. */
interface TlsResponse {
  getX509Certificate(): string;
}

export class ClientCertificates {
  private readonly byPem = new LRUCache<string, ClientCertificate>({ max: REMEMBERED_MAX });

  read(res: HttpResponse): ClientCertificate | undefined {
    const pem = (res as HttpResponse & TlsResponse).getX509Certificate();
    if (pem === '') return undefined;
    const known = this.byPem.get(pem);
    if (known !== undefined) return known;
    const certificate = describeCertificate(pem);
    this.byPem.set(pem, certificate);
    return certificate;
  }
}

function describeCertificate(pem: string): ClientCertificate {
  const parsed = new X509Certificate(pem);
  return {
    thumbprintSha256: createHash('sha256').update(parsed.raw).digest('base64url'),
    subject: parsed.subject,
  };
}
