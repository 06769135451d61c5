/** Apps, grants and keys as they are kept in pages. */
import {
  readApp,
  readKey,
  readSubscriptions,
  writeApp,
  writeKey,
  writeSubscriptions,
} from '../../core/record-forms.ts';
import type { RecordReader, RecordWriter } from '../../core/record-pages.ts';
import type { AppRecord, KeyEntry } from '../../core/snapshot.ts';
import { AppGrants } from './app-grants.ts';
import { required } from './compile-records.ts';
import type { PackedForm } from './packed-base.ts';
import type { KeyOwners } from './record-base.ts';

export const APP_FORM: PackedForm<AppRecord> = {
  read: readApp,
  write: (writer, _, app) => writeApp(writer, app),
  with: () => APP_FORM,
  renumbered: () => APP_FORM,
};

export const GRANTS_FORM: PackedForm<AppGrants> = {
  read: (reader, appId) => new AppGrants(readSubscriptions(reader, appId)),
  write: (writer, appId, { subscriptions }) => writeSubscriptions(writer, { appId, subscriptions }),
  with: () => GRANTS_FORM,
  renumbered: () => GRANTS_FORM,
};

/**
 * Keys joined with their app and partner when they are read. Those may be of an older snapshot: a
 * key whose app or partner has changed is in a layer above until it is folded in with the new ones.
 */
export class KeyForm implements PackedForm<KeyEntry> {
  private readonly owners: KeyOwners;
  /** By number of the record. */
  private readonly serials: Float64Array;

  constructor(owners: KeyOwners, serials: Float64Array) {
    this.owners = owners;
    this.serials = serials;
  }

  serialAt(number: number): number {
    return this.serials[number]!;
  }

  read(reader: RecordReader, id: string, number: number): KeyEntry {
    const key = readKey(reader, id);
    const app = required(this.owners.apps, key.appId, 'app');
    const partner = required(this.owners.partners, app.partnerId, 'partner');
    return { key, app, partner, serial: this.serials[number]! };
  }

  write(writer: RecordWriter, _: string, { key }: KeyEntry): void {
    writeKey(writer, key);
  }

  with(added: readonly KeyEntry[], { apps, partners }: KeyOwners): KeyForm {
    const serials = new Float64Array(this.serials.length + added.length);
    serials.set(this.serials);
    for (const [index, { serial }] of added.entries()) {
      serials[this.serials.length + index] = serial;
    }
    return new KeyForm({ apps, partners }, serials);
  }

  renumbered(numbers: readonly number[]): KeyForm {
    return new KeyForm(
      this.owners,
      Float64Array.from(numbers, number => this.serials[number]!),
    );
  }
}
