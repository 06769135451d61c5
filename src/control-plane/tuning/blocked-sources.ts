/** Addresses and networks that operators have blocked, in a file that outlives the process. */
import { readFileSync, renameSync } from 'node:fs';
import { writePrivateFile } from '../../core/durable-names.ts';
import { readSource } from '../../core/source-set.ts';
import { RegistryStoreError } from '../../stores/registry-contract.ts';
import { ConfigError, displayName } from '../config/config-error.ts';

/** Of one host. */
export const BLOCKED_MAX = 10_000;

export interface BlockedSource {
  readonly source: string;
  /** RFC 3339. */
  readonly since: string;
  readonly by: string;
  readonly reason: string;
}

export class BlockedSources {
  private readonly path: string;
  private entries: readonly BlockedSource[];

  /** @throws ConfigError where the file is not one of ours */
  constructor(path: string) {
    this.path = path;
    this.entries = readFile(path);
  }

  get all(): readonly BlockedSource[] {
    return this.entries;
  }

  get isFull(): boolean {
    return this.entries.length >= BLOCKED_MAX;
  }

  find(source: string): BlockedSource | undefined {
    return this.entries.find(entry => entry.source === source);
  }

  /** On the disk when it returns. @throws RegistryStoreError where it cannot be written */
  add(entry: BlockedSource): void {
    this.write([...this.entries.filter(({ source }) => source !== entry.source), entry]);
  }

  /** On the disk when it returns. @throws RegistryStoreError where it cannot be written */
  remove(source: string): void {
    this.write(this.entries.filter(entry => entry.source !== source));
  }

  private write(entries: readonly BlockedSource[]): void {
    try {
      writePrivateFile(this.path, `${JSON.stringify(entries, undefined, 2)}\n`, renameSync);
    } catch (error) {
      throw unkept(error as NodeJS.ErrnoException);
    }
    this.entries = entries;
  }
}

/** The disk is at fault and not the gateway: whoever asked is told so, as of the registry. */
function unkept(error: NodeJS.ErrnoException): RegistryStoreError {
  const { code = error.name } = error;
  const isFull = code === 'ENOSPC' || code === 'EDQUOT';
  const message = `The blocked sources cannot be written (${code}).`;
  return new RegistryStoreError(isFull ? 'full' : 'failed', message, error);
}

function readFile(path: string): readonly BlockedSource[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
  const entries = parse(text);
  if (entries !== undefined) return entries;
  // A list that is not understood must not be taken for an empty one.
  const message = 'is not a list of blocked sources: remove it';
  throw new ConfigError([{ file: displayName(path), line: 0, path: '', message }]);
}

function parse(text: string): readonly BlockedSource[] | undefined {
  try {
    const entries: unknown = JSON.parse(text);
    return Array.isArray(entries) && entries.every(isEntry) ? entries : undefined;
  } catch {
    return undefined;
  }
}

function isEntry(value: unknown): value is BlockedSource {
  if (typeof value !== 'object' || value === null) return false;
  const { source, since, by, reason } = value as Partial<Record<keyof BlockedSource, unknown>>;
  const texts = [source, since, by, reason];
  return texts.every(text => typeof text === 'string') && readSource(`${source}`) !== undefined;
}
