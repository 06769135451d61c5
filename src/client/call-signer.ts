/** Signs calls in the scheme that an app's key is registered for. */
import { type Clock, systemClock } from '../core/clock.ts';
import type { SignatureSchemeName } from '../core/snapshot.ts';
import { MessageKey } from './message-key.ts';
import { NonceSource, RequestSigner, type SigningIdentity } from './request-signer.ts';
import { prepareCavage } from './schemes/cavage.ts';
import { prepareJws } from './schemes/jws.ts';
import type { PrepareCall, SignedFields } from './schemes/scheme.ts';
import { prepareXingyun } from './schemes/xingyun.ts';
import type { SignableRequest } from './signature-base.ts';

export interface CallIdentity extends SigningIdentity {
  /** `rfc9421` where absent. */
  readonly scheme?: SignatureSchemeName;
  /** Under which the bank has registered the app; the scheme `xingyun` names it. */
  readonly appId?: string;
}

export interface CallSigner {
  /** The fields to add to the request. */
  sign(request: SignableRequest): SignedFields;
}

const SCHEMES: Readonly<Partial<Record<SignatureSchemeName, PrepareCall>>> = {
  xingyun: prepareXingyun,
  jws: prepareJws,
  cavage: prepareCavage,
};

class SchemeSigner implements CallSigner {
  private readonly identity: CallIdentity;
  private readonly prepare: PrepareCall;
  private readonly key: MessageKey;
  private readonly clock: Clock;
  private readonly nonces = new NonceSource();

  constructor(identity: CallIdentity, prepare: PrepareCall, clock: Clock) {
    this.identity = identity;
    this.prepare = prepare;
    this.key = new MessageKey(identity.algorithm, identity.privateKey);
    this.clock = clock;
  }

  sign(request: SignableRequest): SignedFields {
    const { keyId, algorithm, appId } = this.identity;
    const nowMs = this.clock.wallMs();
    const context = { keyId, algorithm, appId, nowMs, nonce: this.nonces.next };
    const { message, fields } = this.prepare(request, context);
    return fields(this.key.sign(message));
  }
}

/** @throws TypeError where the key does not fit the algorithm or the key id cannot be sent */
export function createCallSigner(identity: CallIdentity, clock: Clock = systemClock): CallSigner {
  const { scheme = 'rfc9421' } = identity;
  if (scheme === 'rfc9421') return new RequestSigner(identity, clock);
  const prepare = SCHEMES[scheme];
  if (prepare === undefined) throw new TypeError(`Unknown scheme "${scheme}".`);
  return new SchemeSigner(identity, prepare, clock);
}
