/** The keys that a thread needs for encrypted payloads, read when they are first used. */
import { type KeyRing, type KeySettings, loadKeyRing } from './key-ring.ts';

export interface PayloadKeySettings {
  readonly own: readonly KeySettings[];
  readonly partners: readonly { readonly partner: string; readonly keys: readonly KeySettings[] }[];
}

export const NO_PAYLOAD_KEYS: PayloadKeySettings = { own: [], partners: [] };

export class PayloadKeys {
  private readonly settings: PayloadKeySettings;
  private readonly rings = new Map<string, Promise<KeyRing>>();
  private ownRing: Promise<KeyRing> | undefined;

  constructor(settings: PayloadKeySettings) {
    this.settings = settings;
  }

  /** Private keys of the bank. Rejects where there are none, or one cannot be read. */
  own(): Promise<KeyRing> {
    this.ownRing ??= loadKeyRing(this.settings.own, 'private').catch(error => {
      this.ownRing = undefined;
      throw error;
    });
    return this.ownRing;
  }

  /** Public keys of a partner. Rejects where there are none, or one cannot be read. */
  of(partner: string): Promise<KeyRing> {
    let ring = this.rings.get(partner);
    if (ring === undefined) {
      const keys = this.settings.partners.find(each => each.partner === partner)?.keys ?? [];
      // What could not be read now may be there for the next payload.
      ring = loadKeyRing(keys, 'public').catch(error => {
        this.rings.delete(partner);
        throw error;
      });
      this.rings.set(partner, ring);
    }
    return ring;
  }

  /** Reads all of them, so that one that is wrong is found before it is needed. */
  async readAll(): Promise<void> {
    if (this.settings.own.length > 0) await this.own();
    for (const { partner, keys } of this.settings.partners) {
      if (keys.length > 0) await this.of(partner);
    }
  }
}
