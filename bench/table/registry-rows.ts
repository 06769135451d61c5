import { reasonsAgainstRegistry } from '../registry/recordable-registry.ts';
import { REGISTRY_DEFAULTS } from '../registry/registry-arguments.ts';
import type { RegistryResult } from '../registry/registry-result.ts';
import { commandText } from './command-text.ts';
import { type LatestRuns, latestRuns, seenIn } from './recorded-runs.ts';
import type { TableRow } from './table-row.ts';
import { figure, range, type Text } from './text.ts';

const ALL =
  '7,100 APIs with 30,000 operations, 200 partners, 40,000 apps and 80,000 keys, two front threads';
const ALL_ZH =
  '7,100 个 API（30,000 个操作）、200 个合作方、40,000 个应用、80,000 把密钥，两个接入线程';

export function registryRows(results: readonly RegistryResult[]): TableRow[] {
  const shown = results.filter(run => reasonsAgainstRegistry(run).length === 0);
  const runs = latestRuns(shown, commandOf);
  if (runs === undefined) return [];
  const row = (what: Text, seen: Text): TableRow => {
    return { what, seen, command: commandOf(runs.newest), run: runs.newest };
  };
  const rate = figure(runs.newest.rate);
  return [
    row({ en: `start to ready with ${ALL}`, zh: `启动至就绪：${ALL_ZH}` }, startSeen(runs.newest)),
    row(
      { en: 'a change, until every front serves it', zh: '一次变更，直到每个接入线程都已生效' },
      changeSeen(runs.newest),
    ),
    row(
      {
        en: 'a revoked key: last accepted call, behind the confirming answer',
        zh: '密钥吊销：最后一次被接受的调用，相对于确认应答',
      },
      seenIn(runs, 'ms', ({ revocation }) => Math.max(...revocation.lastAcceptedMs)),
    ),
    row(
      {
        en: 'a whole snapshot built anew beside traffic, until every front serves it',
        zh: '在流量旁完整重建快照，直到每个接入线程都已生效',
      },
      seenIn(runs, 'ms', ({ rebuild }) => rebuild.served.p50),
    ),
    row(
      {
        en: `p99 of ${rate} calls a second with a change a second, against none`,
        zh: `每秒 ${rate} 次调用、每秒一次变更时的 p99，与无变更之比`,
      },
      ratioSeen(runs),
    ),
    row(
      {
        en: 'resident memory of the gateway after the start, and after whole snapshots',
        zh: '网关常驻内存，启动后与多次完整重建后',
      },
      memorySeen(runs.newest),
    ),
  ];
}

function commandOf(run: RegistryResult): string {
  const usual = REGISTRY_DEFAULTS;
  return commandText('registry', [
    ['fronts', run.fronts, usual.fronts],
    ['changes', run.changes, usual.changes],
    ['revocations', run.revocations, usual.revocations],
    ['rebuilds', run.rebuilds, usual.rebuilds],
    ['rate', run.rate, usual.rate],
    ['connections', run.connections, usual.connections],
    ['windows', run.windows, usual.windows],
    ['window', run.windowSeconds, usual.windowSeconds],
  ]);
}

function startSeen({ start }: RegistryResult): Text {
  const seconds = start.furtherMs.map(ms => ms / 1_000);
  const times = range(Math.min(...seconds), Math.max(...seconds));
  const first = figure(start.firstMs / 1_000);
  return {
    en: `${times.en} s; ${first} s where the file is imported`,
    zh: `${times.zh} 秒；首次导入文件时 ${first} 秒`,
  };
}

function changeSeen({ visibility }: RegistryResult): Text {
  const { p50, p99, max } = visibility.all;
  const text = `p50 ${figure(p50)} ms, p99 ${figure(p99)} ms`;
  return { en: `${text}, slowest ${figure(max)} ms`, zh: `${text}，最慢 ${figure(max)} ms` };
}

function ratioSeen(runs: LatestRuns<RegistryResult>): Text {
  const ratio = seenIn(runs, '', ({ changeLoad }) => changeLoad.p99Ratio);
  const { changing, calm } = runs.newest.changeLoad;
  const [changingMs, calmMs] = [figure(changing.p99), figure(calm.p99)];
  return {
    en: `${ratio.en} times: ${changingMs} ms and ${calmMs} ms`,
    zh: `${ratio.zh} 倍：${changingMs} ms 与 ${calmMs} ms`,
  };
}

function memorySeen({ memoryAfterStart, memoryAfterRebuild }: RegistryResult): Text {
  const [start, rebuilt] = [memoryAfterStart, memoryAfterRebuild].map(({ rssMb }) =>
    figure(Math.round(rssMb)),
  );
  return { en: `${start} MB and ${rebuilt} MB`, zh: `${start} MB 与 ${rebuilt} MB` };
}
