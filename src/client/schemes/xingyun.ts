/** `Authorization: XINGYUN-<ALG> ...`, as the open platforms of Chinese banks have it. */
import type { SignatureAlgorithm } from '../../core/snapshot.ts';
import type { PrepareCall } from './scheme.ts';

const NAMES: Partial<Record<SignatureAlgorithm, string>> = {
  'rsa-v1_5-sha256': 'XINGYUN-RSA2048-SHA256',
  'sm2-sm3': 'XINGYUN-SM2-SM3',
};
const MS_PER_SECOND = 1_000;
/** What the gateway takes in quotes. */
const VALUE = /^[\x21\x23-\x5b\x5d-\x7e]+$/;
const NOTHING = new Uint8Array();

export const prepareXingyun: PrepareCall = (request, context) => {
  const { algorithm, appId, keyId, nowMs } = context;
  const name = NAMES[algorithm];
  if (name === undefined) throw new TypeError(`The scheme xingyun takes no ${algorithm}.`);
  if (appId === undefined) throw new TypeError('The scheme xingyun needs the appId.');
  for (const [member, value] of Object.entries({ keyId, appId })) {
    if (!VALUE.test(value)) throw new TypeError(`${member} cannot be sent in quotes.`);
  }
  const { method, targetUri, body = NOTHING } = request;
  const { pathname, search } = new URL(targetUri);
  const timestamp = request.created ?? Math.floor(nowMs / MS_PER_SECOND);
  const nonce = request.nonce ?? context.nonce();
  const head = `${method}\n${pathname}${search}\n${timestamp}\n${nonce}\n`;
  return {
    message: Buffer.concat([Buffer.from(head), body, Buffer.from('\n')]),
    fields: signature => ({
      authorization:
        `${name} app_id="${appId}",nonce="${nonce}",timestamp="${timestamp}",` +
        `serial="${keyId}",signature="${signature.toString('base64')}"`,
    }),
  };
};
