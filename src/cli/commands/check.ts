import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { ConfigError, loadConfig } from '../../control-plane/config/index.ts';
import { loadRegistry, SECRET_KEY_FILE, SecretSealer } from '../../control-plane/registry/index.ts';
import type { Config } from '../../core/config.ts';
import type { RegistrySnapshot } from '../../core/snapshot.ts';
import { EXIT_FAILED } from '../failures.ts';
import { complain, write, writeJson } from '../output.ts';

interface CheckOptions {
  readonly config: string;
  readonly json?: true;
}

/** What a person wants to recognise: how much of each the registry holds. */
function countRegistry(snapshot: RegistrySnapshot) {
  const { partners, apps, keys, apis, subscriptions, upstreams } = snapshot;
  return {
    partners: partners.length,
    apps: apps.length,
    keys: keys.length,
    apis: apis.length,
    operations: apis.reduce((sum, api) => sum + api.operations.length, 0),
    publicOperations: apis
      .flatMap(api => api.operations)
      .reduce((sum, { access }) => sum + (access === 'public' ? 1 : 0), 0),
    subscriptions: subscriptions.length,
    upstreams: upstreams.length,
  };
}

/** What opens the sealed secrets of an exported file; one of its own where there is no key yet. */
function sealerOf({ registry, stateDir }: Config): SecretSealer {
  const file = registry.secretKeyFile ?? join(stateDir, SECRET_KEY_FILE);
  const isMade = registry.secretKeyFile !== undefined || existsSync(file);
  return isMade ? SecretSealer.fromFile(file) : SecretSealer.create();
}

async function check(options: CheckOptions): Promise<void> {
  try {
    const { config, file } = loadConfig(options.config);
    const { registryFile } = config;
    if (!existsSync(registryFile)) {
      // The configuration was content without it: a database holds the registry.
      if (options.json) await writeJson({ ok: true, configFile: file });
      else await write(`${options.config} is fine; there is no registry file.\n`);
      return;
    }
    const registry = countRegistry(await loadRegistry(registryFile, 1, sealerOf(config)));
    const counts = Object.entries(registry).map(([name, count]) => `${count} ${name}`);
    if (options.json) await writeJson({ ok: true, configFile: file, registryFile, registry });
    else await write(`${options.config} is fine: ${counts.join(', ')}\n`);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.exitCode = EXIT_FAILED;
    if (options.json) await writeJson({ ok: false, problems: error.problems });
    else complain(`${error.message}\n`);
  }
}

export function register(program: Command): void {
  program
    .command('check')
    .description('Checks the configuration and the registry file without starting anything.')
    .option('--config <file>', 'the configuration', 'xingyun.yaml')
    .option('--json', 'for scripts: the result as JSON on standard output')
    .action(check);
}
