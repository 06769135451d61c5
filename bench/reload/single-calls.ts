/** Signed calls that are sent over a connection of their own each, and never repeated. */
import { request } from 'node:http';
import { createRequestSigner } from '../../src/client/index.ts';
import { benchKey, benchKeyId } from '../rig/bench-folder.ts';
import { ORDERS_PATH, PUBLIC_AUTHORITY } from '../rig/gateway-files.ts';

const PATH = `${ORDERS_PATH}/o-1`;
const TICK_MS = 5;
const FOLLOWED_MAX_MS = 30_000;

export class SingleCalls {
  count = 0;
  readonly failures: Record<string, number> = {};
  private readonly port: number;
  private readonly signer;
  private readonly open = new Set<Promise<void>>();
  private readonly timer: NodeJS.Timeout;

  /** Begins at once. */
  constructor(port: number, rate: number) {
    const { algorithm, privateText } = benchKey('hmac');
    const keyId = benchKeyId('hmac', 0);
    this.port = port;
    this.signer = createRequestSigner({ keyId, algorithm, privateKey: privateText });
    const startedMs = performance.now();
    this.timer = setInterval(() => {
      const due = ((performance.now() - startedMs) * rate) / 1_000;
      while (this.count < due) this.begin();
    }, TICK_MS);
  }

  /** Resolves when the last one has ended. */
  async stop(): Promise<void> {
    clearInterval(this.timer);
    await Promise.all(this.open);
  }

  private begin(): void {
    this.count += 1;
    const call = this.call().then(failure => {
      if (failure !== undefined) this.failures[failure] = (this.failures[failure] ?? 0) + 1;
      this.open.delete(call);
    });
    this.open.add(call);
  }

  /** How it failed, or undefined. */
  private call(): Promise<string | undefined> {
    const { promise, resolve } = Promise.withResolvers<string | undefined>();
    const targetUri = `http://${PUBLIC_AUTHORITY}${PATH}`;
    const headers = { host: PUBLIC_AUTHORITY, ...this.signer.sign({ method: 'GET', targetUri }) };
    const sent = request({
      ...{ agent: false, host: '127.0.0.1', port: this.port, path: PATH, headers },
      timeout: FOLLOWED_MAX_MS,
    });
    sent.once('response', answer => {
      answer.resume();
      answer.once('end', () => resolve(answer.statusCode === 200 ? undefined : statusOf(answer)));
      answer.once('error', error => resolve(codeOf(error)));
    });
    sent.once('timeout', () => sent.destroy(new Error('no answer')));
    sent.once('error', error => resolve(codeOf(error)));
    sent.end();
    return promise;
  }
}

function statusOf({ statusCode }: { readonly statusCode?: number | undefined }): string {
  return `status ${statusCode}`;
}

function codeOf(error: Error): string {
  return (error as NodeJS.ErrnoException).code ?? error.message;
}
