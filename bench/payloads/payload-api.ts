/** Two operations that differ in what is done to their payloads, and calls for both. */
import type { RegistryLists } from '../../src/control-plane/registry/desk-contract.ts';
import { PUBLIC_AUTHORITY } from '../rig/gateway-files.ts';

export const PLAIN_PATH = '/payloads/v1/plain';
export const CONVERTED_PATH = '/payloads/v1/converted';

const LINE = { reference: 'INV-2026-000417', amount: '1250.00', currency: 'CNY', note: 'goods' };

/** A payment: what a call must be. */
const PAYMENT = {
  type: 'object',
  required: ['debtor', 'lines'],
  additionalProperties: false,
  properties: {
    debtor: { type: 'string', minLength: 4, maxLength: 34 },
    lines: { type: 'array', items: { $ref: '#/$defs/line' } },
  },
  $defs: {
    line: {
      type: 'object',
      required: ['reference', 'amount', 'currency'],
      additionalProperties: false,
      properties: {
        reference: { type: 'string', maxLength: 35 },
        amount: { type: 'string', pattern: '^[0-9]{1,12}\\.[0-9]{2}$' },
        currency: { type: 'string', pattern: '^[A-Z]{3}$' },
        note: { type: 'string', maxLength: 140 },
      },
    },
  },
};

/** What the benchmarks' upstream answers. */
const ORDER = {
  type: 'object',
  required: ['id', 'status'],
  properties: {
    id: { type: 'string' },
    status: { enum: ['accepted', 'rejected'] },
    currency: { type: 'string' },
    amountMinor: { type: 'integer' },
  },
};

/** Unsigned, so that nothing but the payloads differs and no signature takes the workers. */
export function payloadApi(): RegistryLists {
  const operation = (id: string) => ({ id, method: 'POST', path: `/${id}`, access: 'public' });
  const payload = { request: { schema: PAYMENT }, answer: { schema: ORDER } };
  return {
    apis: [
      {
        id: 'payloads',
        name: 'Payloads',
        basePath: '/payloads/v1',
        upstream: 'nginx',
        operations: [operation('plain'), { ...operation('converted'), payload }],
      },
    ],
  };
}

/** A whole request with a body of about `bytes`; the same length for both paths. */
export function requestOf(path: string, bytes: number): Buffer {
  const whole = JSON.stringify(LINE).length + 1;
  const lines = Array.from({ length: Math.max(1, Math.round(bytes / whole)) }, () => LINE);
  const body = JSON.stringify({ debtor: 'CN-0001-4711', lines });
  const head =
    `POST ${path} HTTP/1.1\r\nhost: ${PUBLIC_AUTHORITY}\r\n` +
    `content-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n`;
  return Buffer.from(head + body);
}
