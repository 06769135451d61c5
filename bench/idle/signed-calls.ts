import { Agent as HttpAgent, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { createRequestSigner, type RequestSigner } from '../../src/client/index.ts';
import { benchKey, benchKeyId } from '../rig/bench-folder.ts';
import { ORDERS_PATH, PUBLIC_AUTHORITY } from '../rig/gateway-files.ts';

export interface SignedCall {
  readonly status: number;
  /** From the call to the last byte of its answer. */
  readonly ms: number;
}

const PATH = `${ORDERS_PATH}/o-1`;

/** A caller with one connection that signs GETs with RSA-2048. */
export class SignedCaller {
  private readonly port: number;
  private readonly certificate: string | undefined;
  private readonly agent: HttpAgent | HttpsAgent;
  private readonly signer: RequestSigner;

  /** With TLS where there is a certificate to trust. */
  constructor(port: number, certificate: string | undefined) {
    this.port = port;
    this.certificate = certificate;
    const options = { keepAlive: true, maxSockets: 1 };
    this.agent = certificate === undefined ? new HttpAgent(options) : new HttpsAgent(options);
    const { algorithm, privateText } = benchKey('rsa');
    this.signer = createRequestSigner({
      keyId: benchKeyId('rsa', 0),
      algorithm,
      privateKey: privateText,
    });
  }

  call(): Promise<SignedCall> {
    const startMs = performance.now();
    const { promise, resolve, reject } = Promise.withResolvers<SignedCall>();
    const scheme = this.certificate === undefined ? 'http' : 'https';
    const targetUri = `${scheme}://${PUBLIC_AUTHORITY}${PATH}`;
    const send = this.certificate === undefined ? httpRequest : httpsRequest;
    const request = send({
      host: '127.0.0.1',
      port: this.port,
      path: PATH,
      agent: this.agent,
      ca: this.certificate,
      servername: PUBLIC_AUTHORITY,
      headers: { host: PUBLIC_AUTHORITY, ...this.signer.sign({ method: 'GET', targetUri }) },
    });
    request.once('error', reject);
    request.once('response', response => {
      response.resume();
      response.once('error', reject);
      response.once('end', () =>
        resolve({ status: response.statusCode!, ms: performance.now() - startMs }),
      );
    });
    request.end();
    return promise;
  }

  close(): void {
    this.agent.destroy();
  }
}
