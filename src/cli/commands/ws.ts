import { type Command, InvalidArgumentError, Option } from 'commander';
import { connect, ProblemError, type Session, SessionError } from '../../client/index.ts';
import { describeProblem } from '../answer.ts';
import {
  addSettingsOptions,
  type ClientSettings,
  readClientSettings,
  type SettingsOptions,
} from '../client-settings.ts';
import { CommandFailure, EXIT_FAILED, UsageError } from '../failures.ts';
import { complain } from '../output.ts';
import { ConnectionNotice } from '../session/connection-notice.ts';
import { COMMANDS_HELP } from '../session/parse-command.ts';
import { runPrompt } from '../session/prompt.ts';
import { parseLine, runScript, type ScriptLine } from '../session/script.ts';
import { SessionOutput } from '../session/session-output.ts';
import { SessionRunner } from '../session/session-runner.ts';

interface WsOptions extends SettingsOptions {
  readonly execute: readonly string[];
  readonly subscribe: readonly string[];
  readonly count?: number;
  readonly timeout?: number;
  readonly subprotocol: 'json' | 'msgpack';
  readonly path: string;
  readonly json?: true;
}

/** Aborts at SIGINT and SIGTERM, at the second of which the process ends as it would have. */
function stopAtSignals(): AbortController {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => stop.abort(new CommandFailure(`Ended by ${signal}.`)));
  }
  return stop;
}

/** Says it as `xingyun call` would. */
function connectFailure(error: unknown, baseUrl: string): unknown {
  if (error instanceof ProblemError) {
    const { status, title, detail, code, requestId } = error;
    const type = `/problems/${code}`;
    complain(describeProblem(status, { type, title, detail, code, requestId }));
    return new CommandFailure('The gateway refused the session.', { cause: error });
  }
  if (error instanceof TypeError) return new UsageError(`${baseUrl}: ${error.message}.`);
  if (error instanceof SessionError && error.code === 'connect-failed') {
    const cause = error.cause as NodeJS.ErrnoException | undefined;
    const reason = cause?.code ?? cause?.message ?? error.message;
    const text = `${baseUrl} gave no session (${reason}). Is the gateway running?`;
    return new CommandFailure(text, { cause: error });
  }
  return error;
}

async function openSession(
  settings: ClientSettings,
  { subprotocol, path }: WsOptions,
  notice: ConnectionNotice,
  signal: AbortSignal,
): Promise<Session> {
  notice.start();
  try {
    const { onChange } = notice;
    return await connect({ ...settings, subprotocol, path, onChange, signal });
  } catch (error) {
    throw connectFailure(error, settings.baseUrl);
  } finally {
    notice.stop();
  }
}

/** What the options say is carried out first, and in their order. */
function givenLines({ subscribe, execute }: WsOptions): readonly ScriptLine[] {
  const texts = [...subscribe.map(topic => `subscribe ${topic}`), ...execute];
  return texts.flatMap(text => parseLine(text, `"${text}"`) ?? []);
}

/** A person at a terminal who has not said what is to be done. */
function isInteractive({ execute, count, timeout }: WsOptions): boolean {
  const isScripted = execute.length > 0 || count !== undefined || timeout !== undefined;
  return process.stdin.isTTY && !isScripted;
}

async function ws(options: WsOptions): Promise<void> {
  const lines = givenLines(options);
  const settings = readClientSettings(options);
  const output = new SessionOutput(options.json === true);
  const stop = stopAtSignals();
  const notice = new ConnectionNotice(settings.baseUrl, output);
  const session = await openSession(settings, options, notice, stop.signal);
  const runner = new SessionRunner(session, output);
  const ended = session.ended.then(async error => {
    if (error === undefined) return;
    stop.abort();
    await output.failed('session', error);
  });
  // What is in flight at the end has nobody to wait for it.
  stop.signal.addEventListener('abort', () => void session.close());
  try {
    if (isInteractive(options)) {
      for (const { command, text } of lines) await runner.run(command, text);
      await runPrompt(runner, output, stop);
    } else {
      const { count, timeout: timeoutMs } = options;
      const script = { lines: lines.length > 0 ? lines : undefined, count, timeoutMs };
      await runScript(runner, script, stop.signal);
    }
    await runner.unsubscribeAll();
  } finally {
    await session.close();
    await ended;
    // Otherwise a terminal or a pipe that stays open holds the process.
    process.stdin.destroy();
  }
  if (output.hasFailure) process.exitCode = EXIT_FAILED;
}

function collect(value: string, all: readonly string[]): readonly string[] {
  return [...all, value];
}

function whole(maximum: number): (text: string) => number {
  return text => {
    const value = Number(text);
    if (Number.isInteger(value) && value >= 1 && value <= maximum) return value;
    throw new InvalidArgumentError(`A whole number from 1 to ${maximum}.`);
  };
}

export function register(program: Command): void {
  const command = program
    .command('ws')
    .description(
      'Opens a session: for a person at a terminal, or for commands from options or standard ' +
        'input, one a line. Exit status 0 where all went well, 1 where something failed.',
    )
    .option('-e, --execute <command>', 'a command; may be repeated', collect, [])
    .option('--subscribe <topic>', 'shows the events of a topic; may be repeated', collect, [])
    .option('--count <n>', 'ends after so many events', whole(1_000_000_000))
    .option('--timeout <ms>', 'ends when it has waited so long for events', whole(2_147_483_647));
  addSettingsOptions(command)
    .addOption(
      new Option('--subprotocol <name>', 'what messages are written in')
        .choices(['json', 'msgpack'])
        .default('json'),
    )
    .option('--path <path>', 'where the gateway takes sessions', '/ws')
    .option('--json', 'for scripts: one JSON object a line for each answer and event')
    .addHelpText('after', `\nCommands:\n${COMMANDS_HELP}`)
    .action(ws);
}
