import { createHash, createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Command, Option } from 'commander';
import { stringify } from 'yaml';
import { createPrivateFile, generateKey } from '../../client/key-files.ts';
import { schemeTakes } from '../../core/signature-schemes.ts';
import { decodeSecret } from '../../core/signing-key.ts';
import { sm2PointOf } from '../../core/sm2.ts';
import {
  SIGNATURE_ALGORITHMS,
  SIGNATURE_SCHEMES,
  type SignatureAlgorithm,
  type SignatureSchemeName,
} from '../../core/snapshot.ts';
import { CommandFailure, orFail, UsageError } from '../failures.ts';
import { write, writeJson } from '../output.ts';

interface GenerateOptions {
  readonly algorithm: SignatureAlgorithm;
  readonly scheme?: readonly SignatureSchemeName[];
  readonly out: string;
  readonly id: string;
  readonly app: string;
  readonly json?: true;
}

interface ShowOptions {
  readonly algorithm?: SignatureAlgorithm;
  readonly json?: true;
}

/** Node gives such a key no type. */
function isSm2(publicKey: KeyObject): boolean {
  return sm2PointOf(publicKey.export({ type: 'spki', format: 'der' })) !== undefined;
}

/**
 * A thumbprint (RFC 7638 section 3) of a public key: the members that define it, in order; of an
 * SM2 key, for which there is no JWK, that of its SubjectPublicKeyInfo, as the registry shows it.
 */
export function thumbprint(publicKey: KeyObject): string {
  if (isSm2(publicKey)) {
    const spki = publicKey.export({ type: 'spki', format: 'der' });
    return createHash('sha256').update(spki).digest('base64url');
  }
  const jwk = publicKey.export({ format: 'jwk' });
  const members: Readonly<Record<string, readonly (keyof JsonWebKey)[]>> = {
    RSA: ['e', 'kty', 'n'],
    EC: ['crv', 'kty', 'x', 'y'],
    OKP: ['crv', 'kty', 'x'],
  };
  const names = members[jwk.kty ?? ''];
  if (names === undefined) throw new CommandFailure(`No thumbprint for keys of type ${jwk.kty}.`);
  const canonical = JSON.stringify(Object.fromEntries(names.map(name => [name, jwk[name]])));
  return createHash('sha256').update(canonical).digest('base64url');
}

function stanzaOf(options: GenerateOptions, publicText: string | undefined): object {
  const { id, app, algorithm, scheme } = options;
  const material =
    publicText === undefined ? { secretFile: `${id}.secret` } : { publicKey: publicText };
  return { id, app, algorithm, ...(scheme && { schemes: scheme }), ...material };
}

async function generate(options: GenerateOptions): Promise<void> {
  const { algorithm, id, out, scheme } = options;
  // The id becomes a file name.
  if (!/^[A-Za-z0-9][\w.-]{0,99}$/.test(id)) {
    throw new UsageError('An id has 1 to 100 letters, digits, dots, dashes or underscores.');
  }
  const unfit = scheme?.find(name => !schemeTakes(name, algorithm));
  if (unfit !== undefined) {
    throw new UsageError(`The scheme ${unfit} carries no signatures of ${algorithm}.`);
  }
  const isSecret = algorithm === 'hmac-sha256';
  const privateKeyFile = join(out, `${id}.${isSecret ? 'secret' : 'private.pem'}`);
  const publicKeyFile = isSecret ? null : join(out, `${id}.public.pem`);
  const { privateText, publicText } = generateKey(algorithm);
  orFail(`The key cannot be written to ${out}`, () => {
    mkdirSync(out, { recursive: true, mode: 0o700 });
    const taken = publicKeyFile !== null && existsSync(publicKeyFile) ? publicKeyFile : undefined;
    if (taken !== undefined || !createPrivateFile(privateKeyFile, privateText)) {
      throw new Error(`${taken ?? privateKeyFile} exists and is not overwritten`);
    }
    if (publicKeyFile !== null) writeFileSync(publicKeyFile, publicText!, { flag: 'wx' });
  });
  const stanza = stanzaOf(options, publicText);
  if (options.json) await writeJson({ id, algorithm, privateKeyFile, publicKeyFile, stanza });
  else await write(describeGenerated(privateKeyFile, isSecret, stanza));
}

function describeGenerated(privateKeyFile: string, isSecret: boolean, stanza: object): string {
  const advice = isSecret
    ? 'both sides need it: hand it over on a way that keeps it secret'
    : 'keep it to yourself';
  return `# ${privateKeyFile}: ${advice}\n# For the registry:\n${stringify({ keys: [stanza] })}`;
}

interface KeyDescription {
  readonly kind: 'private' | 'public' | 'secret';
  readonly type: string;
  readonly bits: number;
  readonly algorithms: readonly SignatureAlgorithm[];
  readonly thumbprint: string | null;
}

const CURVES: Readonly<Record<string, { bits: number; algorithm: SignatureAlgorithm }>> = {
  prime256v1: { bits: 256, algorithm: 'ecdsa-p256-sha256' },
  secp384r1: { bits: 384, algorithm: 'ecdsa-p384-sha384' },
};

function describePublicKey(key: KeyObject): Pick<KeyDescription, 'type' | 'bits' | 'algorithms'> {
  const details = key.asymmetricKeyDetails ?? {};
  if (isSm2(key)) return { type: 'EC SM2', bits: 256, algorithms: ['sm2-sm3'] };
  switch (key.asymmetricKeyType) {
    case 'rsa':
      return {
        type: 'RSA',
        bits: details.modulusLength!,
        algorithms: ['rsa-v1_5-sha256', 'rsa-pss-sha512', 'rsa-pss-sha256'],
      };
    case 'ec': {
      const curve = CURVES[details.namedCurve ?? ''];
      if (curve === undefined) break;
      return { type: `EC ${details.namedCurve}`, bits: curve.bits, algorithms: [curve.algorithm] };
    }
    case 'ed25519':
      return { type: 'Ed25519', bits: 256, algorithms: ['ed25519'] };
  }
  const type = details.namedCurve ?? key.asymmetricKeyType;
  throw new CommandFailure(`No signature algorithm of the gateway uses keys of type ${type}.`);
}

/**
 * Never returns private material. A secret has no thumbprint here: the hash of a secret that was
 * made up by a person gives it away to whoever guesses (RFC 7638 section 7).
 */
function describeKey(file: string, options: ShowOptions): KeyDescription {
  const text = orFail(`The key cannot be read`, () => readFileSync(file, 'utf8'));
  if (options.algorithm === 'hmac-sha256') {
    const secret = orFail(`${file} holds no secret`, () => decodeSecret(text));
    const bits = secret.byteLength * 8;
    return { kind: 'secret', type: 'HMAC', bits, algorithms: ['hmac-sha256'], thumbprint: null };
  }
  const key = orFail(`${file} holds no key in PEM`, () => createPublicKey(text));
  const kind = text.includes('PRIVATE KEY-----') ? 'private' : 'public';
  return { kind, ...describePublicKey(key), thumbprint: thumbprint(key) };
}

async function show(file: string, options: ShowOptions): Promise<void> {
  const description = describeKey(file, options);
  if (options.json) {
    await writeJson({ file, ...description });
    return;
  }
  const { kind, type, bits, algorithms } = description;
  const lines = [
    `${kind} key, ${type}, ${bits} bits`,
    `algorithms  ${algorithms.join(', ')}`,
    `thumbprint  ${description.thumbprint ?? 'not shown for a secret'}`,
  ];
  await write(`${lines.join('\n')}\n`);
}

function algorithmOption(description: string): Option {
  return new Option('--algorithm <name>', description).choices(SIGNATURE_ALGORITHMS);
}

export function register(program: Command): void {
  const keys = program
    .command('keys')
    .description('Makes and shows keys that calls are signed with.');
  keys
    .command('generate')
    .description('Makes a key and prints what the registry needs to know of it.')
    .addOption(algorithmOption('what it signs with').default('rsa-v1_5-sha256'))
    .addOption(
      new Option('--scheme <names...>', 'ways to sign, rfc9421 where absent').choices(
        SIGNATURE_SCHEMES,
      ),
    )
    .option('--out <dir>', 'where the files go', '.')
    .option('--id <id>', 'the key id, which also names the files', 'partner-key')
    .option('--app <id>', 'the app in the stanza', 'your-app')
    .option('--json', 'for scripts: the result as JSON on standard output')
    .action(generate);
  keys
    .command('show')
    .description('Tells what a key file holds, without anything secret.')
    .argument('<file>', 'PEM; or a secret, together with --algorithm hmac-sha256')
    .addOption(algorithmOption('needed for a secret, which does not say what it is'))
    .option('--json', 'for scripts: the result as JSON on standard output')
    .action(show);
}
