import { type Logger, pino } from 'pino';
import type { Config } from '../core/config.ts';

export type ProcessLog = Logger;

const STDERR = 2;
/** What waits for a standard error that nobody reads; beyond it lines are dropped. */
const PENDING_MAX_BYTES = 1_048_576;
const REDACTED = '[redacted]';
/** Redaction looks this deep into a logged object. */
const DEPTH = 3;

/** Names that hold secrets or customer data wherever they appear in a logged object. */
const SECRET_NAMES = [
  'authorization',
  'body',
  'cookie',
  'headers',
  'material',
  'password',
  'privateKey',
  'proxy-authorization',
  'query',
  'secret',
  'set-cookie',
  'signature',
  'signature-input',
  'token',
];

function secretPaths(): string[] {
  const paths: string[] = [];
  for (const name of SECRET_NAMES) {
    for (let depth = 0; depth < DEPTH; depth += 1) {
      paths.push(`${'*.'.repeat(depth)}["${name}"]`.replace('.[', '['));
    }
  }
  return paths;
}

/**
 * The process log: JSON lines on standard error, for the main thread. It writes synchronously so
 * that the line before a crash is not lost; a pipe that is full or broken drops lines rather than
 * waiting or throwing.
 */
export function createProcessLog(
  config: Pick<Config['telemetry'], 'logLevel'>,
  destinationFd: number | string = STDERR,
): ProcessLog {
  const destination = pino.destination({
    dest: destinationFd,
    sync: true,
    maxLength: PENDING_MAX_BYTES,
    retryEAGAIN: () => false,
  });
  // Nobody is left to tell when the place for telling is gone; without a listener it would throw.
  destination.on('error', () => {});
  return pino(
    {
      level: config.logLevel,
      base: { pid: process.pid },
      redact: { paths: secretPaths(), censor: REDACTED },
    },
    destination,
  );
}
