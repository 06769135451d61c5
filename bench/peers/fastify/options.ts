/** What the Fastify peer's process is started with, as one JSON argument. */
export interface FastifyOptions {
  readonly upstreamPort: number;
  readonly upstreamConnections: number;
  readonly keyId: string;
  /** RSA, PEM. */
  readonly publicKey: string;
  readonly authority: string;
  readonly createdMaxAgeMs: number;
}
