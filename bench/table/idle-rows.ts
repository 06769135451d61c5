import type { IdleLevel, Transport } from '../idle/measure-idle.ts';
import { latestRuns, type RecordedRun, seenIn } from './recorded-runs.ts';
import type { TableRow } from './table-row.ts';
import { count, figure, type Text } from './text.ts';

export interface IdleRecord extends RecordedRun {
  readonly levels: readonly IdleLevel[];
}

/** A record brought down to one of its levels. */
interface LevelRun extends RecordedRun {
  readonly level: IdleLevel;
}

const CONNECTIONS = 12_000;
const NAMES: Readonly<Record<Transport, string>> = { http: 'HTTP', tls: 'TLS' };

export function idleRows(records: readonly IdleRecord[]): TableRow[] {
  return [
    ...memoryRow(records, 'http', false),
    ...memoryRow(records, 'http', true),
    ...memoryRow(records, 'tls', false),
    ...callRow(records),
  ];
}

function levelRuns(records: readonly IdleRecord[], transport: Transport, used: boolean) {
  return latestRuns(
    records.flatMap((record): LevelRun[] => {
      const level = record.levels.find(candidate => {
        return (
          candidate.transport === transport &&
          candidate.connections === CONNECTIONS &&
          candidate.used === used
        );
      });
      return level === undefined ? [] : [{ ...record, level }];
    }),
  );
}

function memoryRow(
  records: readonly IdleRecord[],
  transport: Transport,
  used: boolean,
): TableRow[] {
  const runs = levelRuns(records, transport, used);
  if (runs === undefined) return [];
  const name = NAMES[transport];
  const bytes = seenIn(runs, 'KB', ({ level }) => level.bytesPerConnection / 1_024);
  const megabytes = figure(Math.round(runs.newest.level.rssAfterBytes / 2 ** 20));
  return [
    {
      what: {
        en:
          `resident memory for each of ${count(CONNECTIONS)} idle ${name} connections` +
          `${used ? ', each after a call' : ''}`,
        zh:
          `${count(CONNECTIONS)} 个空闲 ${name} 连接中每个的常驻内存` +
          `${used ? '（各自完成一次调用之后）' : ''}`,
      },
      seen: {
        en: `${bytes.en}, of ${megabytes} MB in all`,
        zh: `${bytes.zh}，总计 ${megabytes} MB`,
      },
      command: commandOf(transport, used),
      run: runs.newest,
    },
  ];
}

function commandOf(transport: Transport, used: boolean): string {
  const flags = [...(transport === 'tls' ? ['--tls'] : []), ...(used ? ['--used'] : [])];
  return flags.length === 0 ? 'npm run bench:idle' : `npm run bench:idle -- ${flags.join(' ')}`;
}

function callRow(records: readonly IdleRecord[]): TableRow[] {
  const runs = levelRuns(records, 'http', false);
  if (runs === undefined) return [];
  const { callStatus } = runs.newest.level;
  const ms: Text = seenIn(runs, 'ms', ({ level }) => level.callMs);
  return [
    {
      what: {
        en: `a signed call while ${count(CONNECTIONS)} HTTP connections are open`,
        zh: `${count(CONNECTIONS)} 个 HTTP 连接打开时的一次签名调用`,
      },
      seen: { en: `${callStatus} in ${ms.en}`, zh: `${ms.zh} 得到 ${callStatus}` },
      command: commandOf('http', false),
      run: runs.newest,
    },
  ];
}
