/** `xingyun top`: the gateway's figures in a terminal, once a second. */
import { type Command, InvalidArgumentError } from 'commander';
import type { LiveFrame } from '../../telemetry/live-frame.ts';
import { type AdminOptions, addAdminOptions, adminPlace } from '../admin-client.ts';
import { write } from '../output.ts';
import { drawFrame, type TopFacts } from '../top/draw-frame.ts';
import { liveMessages } from '../top/live-socket.ts';

interface TopOptions extends AdminOptions {
  readonly count?: number;
  readonly json?: true;
}

const FRAMES_KEPT = 60;
/** Of what is no terminal. */
const PLAIN_SIZE = { columns: 200, rows: 200 };
const ESCAPE = '\u001b[';
const ENTER_SCREEN = `${ESCAPE}?1049h${ESCAPE}?25l`;
const LEAVE_SCREEN = `${ESCAPE}?25h${ESCAPE}?1049l`;
const HOME = `${ESCAPE}H`;
const CLEAR_LINE = `${ESCAPE}K`;
const CLEAR_REST = `${ESCAPE}J`;

async function top(options: TopOptions): Promise<void> {
  const { json, count = Number.POSITIVE_INFINITY } = options;
  const isScreen = json !== true && process.stdout.isTTY && options.count === undefined;
  const ended = new AbortController();
  const end = () => ended.abort();
  process.once('SIGINT', end);
  process.once('SIGTERM', end);
  const keys = isScreen ? listenForKeys(end) : () => {};
  if (isScreen) await write(ENTER_SCREEN);
  try {
    await show(options, isScreen, count, ended.signal);
  } finally {
    if (isScreen) await write(LEAVE_SCREEN);
    keys();
    process.off('SIGINT', end);
    process.off('SIGTERM', end);
  }
}

async function show(
  options: TopOptions,
  isScreen: boolean,
  count: number,
  signal: AbortSignal,
): Promise<void> {
  const { url, token } = adminPlace(options);
  let facts: TopFacts | undefined;
  let frames: LiveFrame[] = [];
  let shown = 0;
  for await (const message of liveMessages(url, token, signal)) {
    if (message.kind === 'hello') {
      facts = message;
      frames = [...message.frames];
      continue;
    }
    frames = [...frames, message].slice(-FRAMES_KEPT);
    if (options.json) await write(`${JSON.stringify(message)}\n`);
    else if (isScreen) await write(screenText(drawFrame(facts!, frames, process.stdout)));
    else await write(`${drawFrame(facts!, frames, PLAIN_SIZE).join('\n')}\n\n`);
    shown += 1;
    if (shown >= count) return;
  }
}

/** Over what is there, so that nothing flickers. */
function screenText(lines: readonly string[]): string {
  return `${HOME}${lines.map(line => line + CLEAR_LINE).join('\r\n')}${CLEAR_REST}`;
}

/** q and Ctrl-C, which raw input does not turn into a signal. */
function listenForKeys(end: () => void): () => void {
  const { stdin } = process;
  if (!stdin.isTTY) return () => {};
  const hear = (data: Buffer) => {
    if (['q', 'Q', '\u0003'].includes(String(data))) end();
  };
  stdin.setRawMode(true);
  stdin.on('data', hear);
  return () => {
    stdin.setRawMode(false);
    stdin.off('data', hear);
    stdin.pause();
  };
}

function parseCount(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('A whole number is wanted.');
  return Number(text);
}

export function register(program: Command): void {
  addAdminOptions(program.command('top'))
    .description('what happens, once a second: rate, latency, stages, threads, pools; q ends it')
    .option(
      '--count <frames>',
      'end after so many seconds, and write them one below another',
      parseCount,
    )
    .option('--json', 'for scripts: each second as one line of JSON')
    .action(top);
}
