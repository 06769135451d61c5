/** `xingyun start`. What it needs is loaded when it runs: no other command waits for it. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { StartOptions } from '../start-gateway.ts';

const PORT_MAX = 65_535;

function parsePort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : PORT_MAX + 1;
  if (port > PORT_MAX) throw new InvalidArgumentError(`A port is a number up to ${PORT_MAX}.`);
  return port;
}

/** Of the demonstration alone: elsewhere the configuration says it. */
function demoOption(flags: string, description: string): Option {
  return new Option(flags, description).conflicts('config');
}

export function register(program: Command): void {
  program
    .command('start')
    .description('start the gateway under its supervisor')
    .option('--config <file>', 'configuration file', 'xingyun.yaml')
    .addOption(
      demoOption('--demo', 'make keys and a registry, and start the demo bank behind the gateway'),
    )
    .addOption(
      demoOption('--demo-dir <folder>', 'where the demo keeps its files').default('.xingyun'),
    )
    .addOption(
      demoOption('--port <number>', 'listener port of the demo, 0 for a free one')
        .default(8080)
        .argParser(parsePort),
    )
    .addOption(
      demoOption('--admin-port <number>', 'admin port of the demo, 0 for a free one')
        .default(9090)
        .argParser(parsePort),
    )
    .option('--no-supervisor', 'run in this process, where systemd or a container restarts it')
    .option('--json', 'one JSON object a line')
    .action(async (options: StartOptions) => {
      const { start } = await import('../start-gateway.ts');
      process.exitCode = await start(options);
    });
}
