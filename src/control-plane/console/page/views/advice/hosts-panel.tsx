/** How many hosts the traffic takes, its doublings, and two days of the bank. */
import type { DayNeeded, Expected, HostsNeeded } from '../../../../../planning/advice-answer.ts';
import { Panel } from '../../charts/chart-card.tsx';
import { DataTable } from '../../charts/data-table.tsx';
import { NO_FIGURE } from '../../figures.ts';
import { useWording } from '../../state/console-state.ts';
import type { AnswerProps } from './shapes-panel.tsx';

export function HostsPanel({ answer, look }: AnswerProps) {
  const { texts, figures } = useWording();
  const of = texts.advice;
  const { terms, asked, present } = answer;
  const row = (name: string, ours: HostsNeeded | undefined, its: HostsNeeded | undefined) => {
    const there = its ?? ours;
    const hosts = (needed: HostsNeeded | undefined) =>
      needed === undefined ? NO_FIGURE : figures.count(needed.hosts);
    return [
      ...[name, figures.rateFigure(there?.rate ?? terms.rate), hosts(ours), hosts(its)],
      its === undefined ? NO_FIGURE : figures.ms(its.expectation.p99Ms),
      its === undefined ? NO_FIGURE : figures.share(busiestOf(its.expectation)),
    ];
  };
  const doubled = (needed: HostsNeeded) =>
    of.doubled(figures.count(Math.round(needed.rate / terms.rate)));
  const day = ({ callsPerDay }: DayNeeded) => of.perDayName(figures.large(callsPerDay));
  const rows = [
    row(of.asAsked, present.needed ?? undefined, asked.needed ?? undefined),
    ...paired(present.doublings, asked.doublings, doubled).map(each => row(...each)),
    ...paired(present.days, asked.days, day).map(each => row(...each)),
  ];
  const labels = [of.callsPerSecond, of.present, of.asked, 'p99', of.busy];
  const columns = [{ label: of.traffic }, ...labels.map(label => ({ label, isFigure: true }))];
  const target = of.hostsHint(figures.msMark(terms.p99MaxMs), figures.share(terms.utilizationMax));
  const isNever = asked.needed === null && present.needed === null;
  return (
    <Panel title={of.hosts} look={look}>
      <p class="hint">{target}</p>
      {isNever ? (
        <p class="notice">{of.never}</p>
      ) : (
        <DataTable caption={of.hosts} columns={columns} rows={rows} />
      )}
    </Panel>
  );
}

/** What the target is of: the busiest thread, or the host. */
function busiestOf({ utilization, hostUtilization }: Expected): number {
  return Math.max(utilization, hostUtilization);
}

/** Of either list there are all or none: an idle host misses the target or does not. */
function paired<T extends HostsNeeded>(
  ours: readonly T[],
  its: readonly T[],
  name: (needed: T) => string,
): [name: string, ours: T | undefined, its: T | undefined][] {
  const longer = ours.length > its.length ? ours : its;
  return longer.map((needed, i) => [name(needed), ours[i], its[i]]);
}
