import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRequestSigner, curlCommand } from '../../src/client/index.ts';
import { testKey } from './signing-keys.ts';

const { privateKey } = testKey('hmac-sha256');
const signer = createRequestSigner({ keyId: "it's", privateKey, algorithm: 'hmac-sha256' });
const targetUri = 'http://bank.test/a?b=[1]&c=d';

/** The words as a real shell splits them. */
function shellWords(command: string): string[] {
  const script = `curl() { for word; do printf '%s\\0' "$word"; done; }; ${command}`;
  return execFileSync('sh', ['-c', script]).toString().split('\0').slice(0, -1);
}

describe('the curl command', () => {
  it('carries the signature, the headers and the URI', () => {
    const headers = [['accept', 'application/json']] as const;
    const words = shellWords(curlCommand(signer, { method: 'GET', targetUri, headers }));
    expect(words.at(-1)).toBe(targetUri);
    expect(words.some(word => word.startsWith('signature-input: sig=("@method"'))).toBe(true);
    expect(words.some(word => word.startsWith('signature: sig=:'))).toBe(true);
    expect(words).toContain('accept: application/json');
    expect(words).not.toContain('-X');
  });

  it('asks for a head with --head', () => {
    expect(shellWords(curlCommand(signer, { method: 'HEAD', targetUri }))).toContain('--head');
  });

  it('passes any text body through the shell unchanged', () => {
    const text = fc.string({ minLength: 1, maxLength: 60, unit: 'binary' });
    fc.assert(
      fc.property(
        text.filter(value => !value.includes('\0') && value.isWellFormed()),
        value => {
          const body = Buffer.from(value);
          const request = { method: 'POST', targetUri, body, contentType: 'text/plain' };
          const words = shellWords(curlCommand(signer, request));
          expect(words[words.indexOf('--data-raw') + 1]).toBe(value);
        },
      ),
      { numRuns: 25 },
    );
  });

  it('refuses a body that a command line cannot carry', () => {
    for (const body of [Buffer.from([0xff, 0xfe]), Buffer.from('a\0b')]) {
      expect(() => curlCommand(signer, { method: 'POST', targetUri, body })).toThrow(TypeError);
    }
  });
});
