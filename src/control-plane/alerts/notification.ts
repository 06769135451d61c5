/**
 * What the webhook is sent, as JSON, and its signature by the Standard Webhooks specification 1.0
 * (https://github.com/standard-webhooks/standard-webhooks, "Webhook Headers"): receivers have
 * libraries for it, and its timestamp makes a replay visible.
 */
import { createHmac } from 'node:crypto';
import Type, { type Static } from 'typebox';
import type { AlertChange } from './alert-engine.ts';

const moment = (description: string) =>
  Type.Integer({ description: `${description}, in milliseconds since the epoch.`, minimum: 0 });

/** docs/alert-notification.schema.json is generated from it. */
export const NotificationSchema = Type.Object(
  {
    type: Type.Enum(['alert.firing', 'alert.resolved'], { description: 'What has happened.' }),
    atMs: moment('When it happened'),
    host: Type.String({ description: 'Name of the host on which the gateway runs.' }),
    alert: Type.Object(
      {
        name: Type.String({ description: 'Of the rule.' }),
        severity: Type.Enum(['page', 'ticket'], { description: 'Of the rule.' }),
        state: Type.Enum(['firing', 'ok'], { description: 'After what has happened.' }),
        sinceMs: moment('Since when it is in this state'),
        value: Type.Union([Type.Number(), Type.Null()], {
          description: 'What was found, in the unit of the threshold; null where it is not known.',
        }),
        threshold: Type.Number({
          description:
            'Times the speed at which an error budget lasts, milliseconds, or a number a second, ' +
            'by the kind of the rule.',
        }),
        summary: Type.String({ description: 'The rule and what was found, as a sentence.' }),
      },
      { additionalProperties: false },
    ),
  },
  { additionalProperties: false },
);

export function notificationBody({ event, atMs, alert }: AlertChange, host: string): string {
  const { name, severity, sinceMs, value, threshold, summary } = alert;
  const state = event === 'firing' ? 'firing' : 'ok';
  const notification: Static<typeof NotificationSchema> = {
    type: `alert.${event}`,
    ...{ atMs, host },
    alert: { name, severity, state, sinceMs, value, threshold, summary },
  };
  return JSON.stringify(notification);
}

const SECRET_PREFIX = 'whsec_';
/** Of a key in base64; what has none of the prefix is a token and long enough. */
const KEY_MIN_BYTES = 16;

/** Whether it stands for a key: of what is no base64 little or nothing would be left. */
export function isWebhookSecret(secret: string): boolean {
  if (!secret.startsWith(SECRET_PREFIX)) return true;
  const isBase64 = /^[A-Za-z0-9+/]+={0,2}$/.test(secret.slice(SECRET_PREFIX.length));
  return isBase64 && webhookKey(secret).length >= KEY_MIN_BYTES;
}

/** The key that a secret stands for: base64 after `whsec_`, or else its own characters. */
export function webhookKey(secret: string): Buffer {
  if (!secret.startsWith(SECRET_PREFIX)) return Buffer.from(secret);
  return Buffer.from(secret.slice(SECRET_PREFIX.length), 'base64');
}

/**
 * The header fields of one attempt.
 *
 * @param id the same in every attempt, so that a receiver knows a repetition
 */
export function signedFields(key: Buffer, id: string, body: string, nowMs: number) {
  const timestamp = String(Math.floor(nowMs / 1_000));
  const mac = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64');
  return {
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': `v1,${mac}`,
  };
}
