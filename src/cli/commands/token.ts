import type { Command } from 'commander';
import { createTokenSource, TokenError } from '../../client/index.ts';
import {
  addSettingsOptions,
  readClientSettings,
  type SettingsOptions,
} from '../client-settings.ts';
import { CommandFailure, orFail, UsageError } from '../failures.ts';
import { write, writeJson } from '../output.ts';

interface TokenOptions extends SettingsOptions {
  readonly issuer?: string;
  readonly scope?: string;
  readonly nonce?: string;
  readonly json?: true;
}

/** What the server said, or that it said nothing. */
function failureOf(error: unknown, issuer: string): unknown {
  if (error instanceof TokenError) return new CommandFailure(error.message, { cause: error });
  if (!(error instanceof TypeError)) return error;
  return new CommandFailure(`${issuer} gave no answer. Is the gateway running?`, { cause: error });
}

async function token(
  method: string | undefined,
  path: string | undefined,
  options: TokenOptions,
): Promise<void> {
  const { baseUrl, appId, keyId, algorithm, privateKey } = readClientSettings(options);
  if (appId === undefined) throw new UsageError('--app-id is wanted: who the client is.');
  if (method !== undefined && path === undefined) throw new UsageError('A method needs a path.');
  const issuer = options.issuer ?? baseUrl.replace(/\/$/, '');
  const { scope, nonce } = options;
  const source = orFail('The key cannot be used', () =>
    createTokenSource({
      ...{ issuer, clientId: appId, keyId, algorithm, privateKey },
      ...(scope === undefined ? {} : { scope }),
    }),
  );
  try {
    const got = await source.token();
    if (path === undefined) {
      return await (options.json ? writeJson(got) : write(`${got.accessToken}\n`));
    }
    const url = path.startsWith('/') ? issuer + path : path;
    const fields = await source.fields(method!.toUpperCase(), url, nonce);
    if (options.json) return await writeJson({ ...got, fields });
    for (const [name, value] of Object.entries(fields)) await write(`${name}: ${value}\n`);
  } catch (error) {
    throw failureOf(error, issuer);
  }
}

export function register(program: Command): void {
  const command = program
    .command('token')
    .description(
      'Gets an access token of the gateway by private_key_jwt, bound to a fresh key by DPoP; ' +
        'with a method and a path, the header fields of one such call.',
    )
    .argument('[method]', 'of the call that the fields are for')
    .argument('[path]', 'a path that begins with /, or a URL');
  addSettingsOptions(command)
    .option('--issuer <url>', 'the authorization server instead of the base URL')
    .option('--scope <scopes>', 'with spaces between them; all that are granted where absent')
    .option('--nonce <nonce>', 'of a DPoP-Nonce that the gateway gave for calls')
    .option('--json', 'for scripts: token, scope, expiry and fields as JSON')
    .action(token);
}
