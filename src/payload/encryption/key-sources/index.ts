/**
 * Receives: a reference, `file:/run/secrets/payload.pem` or `env:PAYLOAD_KEY`.
 * Adds: the text of the key, from the source that the scheme names.
 * May refuse: KeyFault.
 */
import { EnvironmentSource } from './env-source.ts';
import { FileSource } from './file-source.ts';
import { KeyFault, type KeySource, type Secrecy } from './key-source.ts';

/** By scheme. A key management service is one more. */
export type KeySources = ReadonlyMap<string, KeySource>;

export const KEY_SOURCES: KeySources = new Map<string, KeySource>([
  ['file', new FileSource()],
  ['env', new EnvironmentSource(process.env)],
]);

export async function readKeyText(
  reference: string,
  secrecy: Secrecy,
  sources: KeySources,
): Promise<string> {
  const colon = reference.indexOf(':');
  const source = sources.get(reference.slice(0, Math.max(colon, 0)));
  if (source === undefined) {
    const known = [...sources.keys()].map(scheme => `${scheme}:`).join(' or ');
    // What stands there may be the key itself, by mistake.
    throw new KeyFault('reference', `must begin with ${known}`);
  }
  return source.read(reference.slice(colon + 1), secrecy);
}
