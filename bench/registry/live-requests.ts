import { createRequestSigner, type RequestSigner } from '../../src/client/index.ts';
import { benchKey, type KeyName } from '../rig/bench-folder.ts';
import { ORDERS_PATH, PUBLIC_AUTHORITY } from '../rig/gateway-files.ts';
import type { RequestSource } from '../rig/presigned/request-source.ts';

const PATH = `${ORDERS_PATH}/o-1`;
const TARGET = { method: 'GET', targetUri: `http://${PUBLIC_AUTHORITY}${PATH}` };

/** GETs that are signed at the moment when they are sent, with the key that is in use then. */
export class LiveRequests implements RequestSource {
  private readonly key: KeyName;
  private signer: RequestSigner;

  constructor(key: KeyName, keyId: string) {
    this.key = key;
    this.signer = this.signerOf(keyId);
  }

  /** All that follow are signed with this one. */
  use(keyId: string): void {
    this.signer = this.signerOf(keyId);
  }

  next(): string {
    const fields = Object.entries(this.signer.sign(TARGET));
    const lines = fields.map(([name, value]) => `${name}: ${value}\r\n`).join('');
    return `GET ${PATH} HTTP/1.1\r\nhost: ${PUBLIC_AUTHORITY}\r\n${lines}\r\n`;
  }

  private signerOf(keyId: string): RequestSigner {
    const { algorithm, privateText } = benchKey(this.key);
    return createRequestSigner({ keyId, algorithm, privateKey: privateText });
  }
}
