/** The tokens of the demonstration: who publishes events, and who runs the registry. */
import { createHash, randomBytes } from 'node:crypto';
import { chmodSync, existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { stringify } from 'yaml';
import { createPrivateFile } from '../client/key-files.ts';

/** Relative to the demonstration's folder: what the bank publishes events with. */
export const PUBLISHER_TOKEN_FILE = 'publisher.token';
/** The same for the operators, with the digests of their tokens. */
export const OPERATORS_FILE = 'operators.yaml';

/** Two of them: what a plan wants approved needs a second person. */
export const DEMO_OPERATORS = ['operator', 'approver'] as const;

const TOKEN_BYTES = 32;

/** Where the demonstration in this folder has the token with which the bank publishes. */
export function publisherTokenFileOf(dir: string): string {
  return join(resolve(dir), PUBLISHER_TOKEN_FILE);
}

/** The same of an operator. */
export function operatorTokenFileOf(
  dir: string,
  operator: (typeof DEMO_OPERATORS)[number] = 'operator',
): string {
  return join(resolve(dir), `${operator}.token`);
}

/** Makes the token where it is missing; one that exists is kept as it is. */
export function prepareToken(file: string): void {
  const token = `${randomBytes(TOKEN_BYTES).toString('base64url')}\n`;
  if (!existsSync(file)) createPrivateFile(file, token);
  chmodSync(file, 0o600);
}

/** Call it when the operators' tokens are there. */
export function operatorsText(dir: string): string {
  const operators = DEMO_OPERATORS.map(id => {
    const token = readFileSync(operatorTokenFileOf(dir, id), 'utf8').trim();
    const tokenSha256 = createHash('sha256').update(token).digest('hex');
    return { id, roles: ['operator'], tokenSha256 };
  });
  return stringify({ operators });
}
