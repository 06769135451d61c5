import type { Config } from '../../core/config.ts';
import { PayloadKeys } from '../../payload/encryption/payload-keys.ts';

/**
 * Finds a key of encrypted payloads that cannot be used before a payload needs it.
 * @throws KeyFault that names the reference, and nothing that stands there
 */
export function readPayloadKeys({ transform }: Config): Promise<void> {
  return new PayloadKeys({ own: transform.ownKeys, partners: transform.partnerKeys }).readAll();
}
