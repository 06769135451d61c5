/** `xingyun reload`: another gateway process takes the place of the one that serves. */
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { loadConfig } from '../../control-plane/config/index.ts';
import { askReload, type ReloadAnswer } from '../../runtime/control-socket.ts';
import { CommandFailure, orFail } from '../failures.ts';
import { write, writeJson } from '../output.ts';
import { withProgress } from '../progress.ts';

interface ReloadOptions {
  readonly config: string;
  readonly json?: true;
}

async function reload({ config: configFile, json }: ReloadOptions): Promise<void> {
  const { config } = orFail('The gateway serves as before', () => loadConfig(resolve(configFile)));
  const answer = await withProgress('starting another gateway', ask(config.stateDir, configFile));
  if (json) await writeJson(answer);
  if (!answer.isDone) {
    throw new CommandFailure(`The gateway serves as before: ${answer.reason}.`);
  }
  if (!json) await write(`reloaded in ${answer.startMs} ms, process ${answer.pid}\n`);
}

async function ask(stateDir: string, configFile: string): Promise<ReloadAnswer> {
  try {
    return await askReload(stateDir);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new CommandFailure(
      `No supervisor of ${configFile} can be asked (${code}): start it with xingyun start, ` +
        'without --no-supervisor.',
      { cause },
    );
  }
}

export function register(program: Command): void {
  program
    .command('reload')
    .description(
      'Starts another gateway with the configuration and the code as they are now, which takes ' +
        'over while calls go on. Exit status 1 where it cannot serve: the one before stays.',
    )
    .option('--config <file>', 'configuration file', 'xingyun.yaml')
    .option('--json', 'for scripts: what became of it as JSON')
    .action(reload);
}
