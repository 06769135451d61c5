/** The command line of bench:idle. */
import { parseOptions, wholeNumber } from '../rig/command-line.ts';
import { openFilesMax } from '../rig/process-usage.ts';
import type { IdleOptions, Transport } from './measure-idle.ts';

export interface IdleArguments {
  readonly levels: readonly IdleOptions[];
  readonly json: string | undefined;
  /** Whether the result goes into bench/results. */
  readonly record: boolean;
}

export const USAGE = `usage: npm run bench:idle -- [options]

  --connections LIST  levels (1000,6000,12000,19000)
  --tls               measure each level over TLS as well
  --used              each connection makes a call before it is idle
  --json FILE         write {levels: [...]}; the fields of a single level beside it as well
  --no-record         do not append the result to bench/results/idle.jsonl
`;

/** Files that a gateway or its client holds beside connections. */
const OTHER_FILES = 200;

/** @throws UsageError */
export function readIdleArguments(args: readonly string[]): IdleArguments {
  const { connections, tls, used, json, record } = parseOptions(args, {
    connections: { type: 'string', default: '1000,6000,12000,19000' },
    tls: { type: 'boolean', default: false },
    used: { type: 'boolean', default: false },
    json: { type: 'string' },
    record: { type: 'boolean', default: true },
  });
  const most = Math.min(openFilesMax(), 1_000_000) - OTHER_FILES;
  const counts = connections
    .split(',')
    .map(text => wholeNumber('--connections (or the limit of open files)', text, 1, most));
  const transports: Transport[] = tls ? ['http', 'tls'] : ['http'];
  const levels = transports.flatMap(transport =>
    counts.map(count => ({ transport, connections: count, used })),
  );
  return { levels, json, record };
}
