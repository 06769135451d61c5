/** Generates the JSON Schema of what the webhook of alerts is sent. */
import { NotificationSchema } from '../../src/control-plane/alerts/notification.ts';

export const file = 'docs/alert-notification.schema.json';

/** The whole file. */
export function generate(): string {
  const schema = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Notification of an alert',
    ...NotificationSchema,
  };
  return `${JSON.stringify(schema, undefined, 2)}\n`;
}
