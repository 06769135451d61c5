/** How apps, keys and the subscriptions of an app are written in pages. */
import type { RecordReader, RecordWriter } from './record-pages.ts';
import {
  type AppRecord,
  type AppSubscriptions,
  ENVIRONMENTS,
  type KeyRecord,
  SIGNATURE_ALGORITHMS,
  SIGNATURE_SCHEMES,
  type SignatureSchemeName,
  type SubscriptionRecord,
} from './snapshot.ts';

export function writeApp(writer: RecordWriter, app: AppRecord): void {
  writer.begin(app.id);
  writer.byte(ENVIRONMENTS.indexOf(app.environment));
  writer.byte(app.active ? 1 : 0);
  writer.text(app.partnerId);
  writer.end();
}

/** The reader stands behind the id, here and below. */
export function readApp(reader: RecordReader, id: string): AppRecord {
  const environment = ENVIRONMENTS[reader.byte()]!;
  const active = reader.byte() === 1;
  return { id, partnerId: reader.text(), environment, active };
}

export function writeKey(writer: RecordWriter, key: KeyRecord): void {
  writer.begin(key.id);
  writer.text(key.appId);
  writer.byte(SIGNATURE_ALGORITHMS.indexOf(key.algorithm));
  writer.byte(schemeBits(key.schemes));
  writer.byte(key.revoked ? 1 : 0);
  writer.double(key.notBeforeMs);
  writer.double(key.notAfterMs);
  writer.bytes(key.material);
  writer.end();
}

export function readKey(reader: RecordReader, id: string): KeyRecord {
  const appId = reader.text();
  const algorithm = SIGNATURE_ALGORITHMS[reader.byte()]!;
  const schemes = SCHEME_LISTS[reader.byte()]!;
  const revoked = reader.byte() === 1;
  const notBeforeMs = reader.double();
  const notAfterMs = reader.double();
  const material = reader.bytes();
  return { id, appId, algorithm, schemes, material, notBeforeMs, notAfterMs, revoked };
}

/** Every choice of schemes, by its bits: keys share the lists. */
const SCHEME_LISTS: readonly (readonly SignatureSchemeName[])[] = Array.from(
  { length: 1 << SIGNATURE_SCHEMES.length },
  (_, bits) => SIGNATURE_SCHEMES.filter((_scheme, place) => (bits & (1 << place)) !== 0),
);

function schemeBits(schemes: readonly SignatureSchemeName[]): number {
  return schemes.reduce((bits, scheme) => bits | (1 << SIGNATURE_SCHEMES.indexOf(scheme)), 0);
}

export function writeSubscriptions(writer: RecordWriter, app: AppSubscriptions): void {
  writer.begin(app.appId);
  writer.count(app.subscriptions.length);
  for (const { productId, planId, scopes } of app.subscriptions) {
    writer.text(productId);
    writer.text(planId);
    writer.count(scopes.length);
    for (const scope of scopes) writer.text(scope);
  }
  writer.end();
}

export function readSubscriptions(reader: RecordReader, appId: string): SubscriptionRecord[] {
  const subscriptions: SubscriptionRecord[] = [];
  for (let left = reader.count(); left > 0; left--) {
    const productId = reader.text();
    const planId = reader.text();
    const scopes: string[] = [];
    for (let more = reader.count(); more > 0; more--) scopes.push(reader.text());
    subscriptions.push({ appId, productId, planId, scopes });
  }
  return subscriptions;
}
