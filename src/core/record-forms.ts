/** How apps, keys and the subscriptions of an app are written in pages. */
import type { RecordReader, RecordWriter } from './record-pages.ts';
import {
  type AppRecord,
  type AppSubscriptions,
  ENVIRONMENTS,
  type KeyRecord,
  SIGNATURE_ALGORITHMS,
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
  writer.byte(key.revoked ? 1 : 0);
  writer.double(key.notBeforeMs);
  writer.double(key.notAfterMs);
  writer.bytes(key.material);
  writer.end();
}

export function readKey(reader: RecordReader, id: string): KeyRecord {
  const appId = reader.text();
  const algorithm = SIGNATURE_ALGORITHMS[reader.byte()]!;
  const revoked = reader.byte() === 1;
  const notBeforeMs = reader.double();
  const notAfterMs = reader.double();
  return { id, appId, algorithm, material: reader.bytes(), notBeforeMs, notAfterMs, revoked };
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
