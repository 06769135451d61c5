/** Opens sockets to one target of an upstream: TCP, or TLS with verification and session reuse. */
import net from 'node:net';
import tls from 'node:tls';
import type { UpstreamTarget, UpstreamTlsRecord } from '../../core/upstream-record.ts';

/**
 * All sockets of a thread read into this one buffer. libuv asks for the buffer, reads and calls
 * back without anything in between, and TLS copies its plaintext in the same way, so a read is
 * wholly used before the next one starts: 64 connections cost 64 KB instead of 4 MB. Without
 * `onread` each read allocates, which made a forwarded request 1-3 µs dearer.
 */
export const READ_BUFFER_BYTES = 65_536;
export const readBuffer = Buffer.allocUnsafeSlow(READ_BUFFER_BYTES);

/** Receives the number of bytes that were put into readBuffer; false stops reading. */
export type ReadCallback = (length: number) => boolean;

export class Connector {
  readonly secure: boolean;
  private readonly target: UpstreamTarget;
  private readonly serverName: string | undefined;
  private readonly context: tls.SecureContext | undefined;
  private session: Buffer | undefined = undefined;

  /** Throws where the PEM of the TLS record cannot be used. */
  constructor(target: UpstreamTarget, tlsRecord: UpstreamTlsRecord | undefined) {
    const { host } = target;
    this.target = target;
    this.secure = tlsRecord !== undefined;
    // RFC 6066 section 3: an address is not a server name.
    this.serverName = tlsRecord?.serverName ?? (net.isIP(host) === 0 ? host : undefined);
    if (tlsRecord === undefined) return;
    const { ca, cert, key } = tlsRecord;
    // Built once: reading PEM again costs 0.6 ms per connection.
    this.context = tls.createSecureContext({
      minVersion: 'TLSv1.2',
      ...(ca === undefined ? {} : { ca }),
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
    });
  }

  /**
   * Starts a connection. A name is resolved by getaddrinfo on libuv's pool for each new connection
   * (0.13 ms for localhost); an address goes straight to connect.
   */
  connect(onRead: ReadCallback): net.Socket {
    const { host, port } = this.target;
    const onread = { buffer: readBuffer, callback: onRead };
    const socket =
      this.context === undefined
        ? net.connect({ host, port, onread })
        : this.connectSecure(this.context, onread);
    socket.setNoDelay(true);
    return socket;
  }

  private connectSecure(secureContext: tls.SecureContext, onread: net.OnReadOpts): tls.TLSSocket {
    const { host, port } = this.target;
    const options: tls.ConnectionOptions & { onread: net.OnReadOpts } = {
      host,
      port,
      secureContext,
      rejectUnauthorized: true,
      ALPNProtocols: ['http/1.1'],
      onread,
      ...(this.serverName === undefined ? {} : { servername: this.serverName }),
      ...(this.session === undefined ? {} : { session: this.session }),
    };
    const socket = tls.connect(options);
    socket.on('session', session => {
      this.session = session;
    });
    return socket;
  }
}
