/** What every source of keys is held to. */
import { describe, expect, test } from 'vitest';
import {
  KEY_TEXT_MAX_BYTES,
  KeyFault,
  type KeySource,
} from '../../../../src/payload/encryption/key-sources/key-source.ts';

export interface SourceUnderTest {
  readonly scheme: string;
  readonly source: KeySource;
  /** Stores a text where only its owner reads it; the name to read it by. */
  store(text: string): string;
  readonly absent: string;
}

export async function keyFaultOf(work: Promise<unknown>): Promise<KeyFault> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(KeyFault);
  return error as KeyFault;
}

export function describeKeySource(name: string, make: () => SourceUnderTest): void {
  describe(name, () => {
    test('gives the text as it is, for either use', async () => {
      const { source, store } = make();
      const text = '-----BEGIN PRIVATE KEY-----\nÄ\n';
      expect(await source.read(store(text), 'private')).toBe(text);
      expect(await source.read(store(text), 'public')).toBe(text);
    });

    test('reads anew each time', async () => {
      const { source, store } = make();
      expect(await source.read(store('one'), 'private')).toBe('one');
      expect(await source.read(store('two'), 'private')).toBe('two');
    });

    test('names the reference of what is absent', async () => {
      const { scheme, source, absent } = make();
      const fault = await keyFaultOf(source.read(absent, 'public'));
      expect(fault.reference).toBe(`${scheme}:${absent}`);
      expect(fault.message).toContain(fault.reference);
    });

    test('refuses what is empty', async () => {
      const { scheme, source, store } = make();
      const stored = store('');
      const fault = await keyFaultOf(source.read(stored, 'public'));
      expect(fault.reference).toBe(`${scheme}:${stored}`);
    });

    test('refuses what is longer than any key, and repeats nothing of it', async () => {
      const { source, store } = make();
      const longest = 'k'.repeat(KEY_TEXT_MAX_BYTES);
      expect(await source.read(store(longest), 'private')).toBe(longest);
      const fault = await keyFaultOf(source.read(store(`${longest}k`), 'private'));
      expect(fault.message).not.toContain('kkk');
    });
  });
}
