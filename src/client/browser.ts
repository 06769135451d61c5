/** What a page imports: a session over the browser's own WebSocket. Nothing here is of Node. */

import { openBrowserSocket } from './session/browser-socket.ts';
import { JsonCodec } from './session/json-codec.ts';
import { type SessionOptions, sessionParts } from './session/options.ts';
import { openSession, type Session } from './session/session.ts';
import type { MessageSigner } from './signature-base.ts';

export interface BrowserConnectOptions extends SessionOptions {
  /**
   * Signs each handshake, and messages that ask for it: a backend that holds the key, or
   * {@link createWebCryptoSigner}.
   */
  readonly signer: MessageSigner;
}

/**
 * Opens a session: one try. Later connections are opened by the session itself, each with a
 * handshake that is signed anew.
 * @throws SessionError where there is no session; a browser does not tell why
 * @throws TypeError where the URL is none
 */
export async function connect(options: BrowserConnectOptions): Promise<Session> {
  const platform = {
    codec: new JsonCodec(),
    signer: options.signer,
    openSocket: openBrowserSocket,
  };
  return openSession(sessionParts(options, platform), options.signal);
}

export { ProblemError } from './problem-error.ts';
export * from './session/index.ts';
export type { MessageSigner, SignableRequest, SignatureHeaders } from './signature-base.ts';
export { createWebCryptoSigner, type WebSigningIdentity } from './web-crypto-signer.ts';
