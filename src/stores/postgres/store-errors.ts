/** What went wrong with a database, as the store's contract says it. */
import pg from 'pg';
import { RegistryStoreError } from '../registry-contract.ts';
import type { Stage } from '../sql/registry-store.ts';

/** https://www.postgresql.org/docs/current/errcodes-appendix.html */
const UNDEFINED_DATABASE = '3D000';
const INSUFFICIENT_PRIVILEGE = '42501';
const READ_ONLY = '25006';
const DISK_FULL = '53100';
const TOO_MANY_CONNECTIONS = '53300';
const QUERY_CANCELED = '57014';
const LOCK_NOT_AVAILABLE = '55P03';
/** Serialization failures and deadlocks: the server has rolled back, also where it was COMMIT. */
const ROLLBACK_CLASS = '40';
const AUTHORIZATION_CLASS = '28';
const CONNECTION_CLASS = '08';
/** The server is stopped, starts, or has lost one of its processes. */
const SHUTDOWN_CLASS = '57P';

const REFUSED = 'refuses the user or its password';

/**
 * @param subject of the sentence, "The database x at y"
 * @param stage at `commit` it may have been committed all the same
 * @returns a RegistryStoreError; a bug as it is
 */
export function asStoreError(error: unknown, subject: string, stage: Stage = 'read'): unknown {
  if (error instanceof RegistryStoreError) return error;
  const isAnswer = error instanceof pg.DatabaseError;
  if (!isAnswer && !isOfConnection(error)) return error;
  if (isAnswer && error.code?.startsWith(ROLLBACK_CLASS)) {
    const code = stage === 'read' ? 'unavailable' : 'stale';
    return new RegistryStoreError(code, `${subject} has let another commit go first.`, error);
  }
  if (stage === 'commit') {
    const message = `${subject} did not say whether it has committed: ${reasonOf(error)}.`;
    return new RegistryStoreError('unknown', message, error);
  }
  const [code, sentence] = isAnswer ? judgeAnswer(error) : judgeConnection(error);
  return new RegistryStoreError(code, `${subject} ${sentence}.`, error);
}

/** The same for a start: what the operator has to change makes the store unusable. */
export function asOpenError(error: unknown, subject: string): unknown {
  const found = asStoreError(error, subject);
  if (!(found instanceof RegistryStoreError) || found.code !== 'failed') return found;
  return new RegistryStoreError('unusable', found.message, found.cause);
}

function judgeAnswer(error: pg.DatabaseError): [RegistryStoreError['code'], string] {
  const code = error.code ?? '';
  if (code.startsWith(AUTHORIZATION_CLASS)) return ['failed', REFUSED];
  if (code === UNDEFINED_DATABASE) return ['failed', 'is not there: create it'];
  if (code === INSUFFICIENT_PRIVILEGE) return ['failed', `grants too little: ${error.message}`];
  if (code === READ_ONLY) return ['failed', 'is read-only: name the primary server'];
  if (code === DISK_FULL) return ['full', 'has no room on its disk'];
  if (code === QUERY_CANCELED || code === LOCK_NOT_AVAILABLE)
    return ['unavailable', 'took too long to answer'];
  if (code === TOO_MANY_CONNECTIONS) return ['unavailable', 'has no connection left'];
  if (code.startsWith(CONNECTION_CLASS) || code.startsWith(SHUTDOWN_CLASS)) {
    return ['unavailable', lost(error)];
  }
  return ['failed', `answers with an error: ${reasonOf(error)}`];
}

function judgeConnection(error: Error): [RegistryStoreError['code'], string] {
  // Of pg, where the server wants a password and there is none, or a proof that it cannot give.
  if (error.message.startsWith('SASL')) return ['failed', REFUSED];
  return ['unavailable', lost(error)];
}

/** From the socket, or from pg, whose own errors have no class and no code. */
function isOfConnection(error: unknown): error is Error & { readonly code?: string } {
  if (!(error instanceof Error)) return false;
  return error.constructor === Error || typeof (error as NodeJS.ErrnoException).code === 'string';
}

function lost(error: unknown): string {
  return `cannot be reached: ${reasonOf(error)}`;
}

function reasonOf(error: unknown): string {
  const { code, message } = error as { readonly code?: string; readonly message: string };
  if (message === '') return `${code}`;
  return code === undefined || message.includes(code) ? message : `${message} (${code})`;
}
