import type { FastifyRequest } from 'fastify';

/**
 * Whether a browser's request comes from a page of this listener. Any page may open a WebSocket to
 * any host, and read what comes (RFC 6455 section 10.2); what is no browser sends no Origin.
 */
export class OriginCheck {
  private readonly publicAuthority: string | undefined;

  /** @param publicAuthority as operators' browsers have it where a proxy stands in front */
  constructor(publicAuthority: string | undefined) {
    this.publicAuthority = publicAuthority?.toLowerCase();
  }

  isOwn({ headers: { host, origin } }: FastifyRequest): boolean {
    if (origin === undefined) return true;
    const from = URL.parse(origin)?.host;
    return from !== undefined && (from === host?.toLowerCase() || from === this.publicAuthority);
  }
}
