/** `xingyun start`. What it needs is loaded when it runs: no other command waits for it. */
import type { Command } from 'commander';
import type { StartOptions } from '../start-gateway.ts';

export function register(program: Command): void {
  program
    .command('start')
    .description('start the gateway under its supervisor')
    .option('--config <file>', 'configuration file', 'xingyun.yaml')
    .option('--demo', 'make keys and a registry, and start the demo bank behind the gateway')
    .option('--demo-dir <folder>', 'where the demo keeps its files', '.xingyun')
    .option('--port <number>', 'listener port of the demo', '8080')
    .option('--admin-port <number>', 'admin port of the demo', '9090')
    .option('--no-supervisor', 'run in this process, where systemd or a container restarts it')
    .option('--json', 'one JSON object a line')
    .action(async (options: StartOptions) => {
      const { start } = await import('../start-gateway.ts');
      process.exitCode = await start(options);
    });
}
