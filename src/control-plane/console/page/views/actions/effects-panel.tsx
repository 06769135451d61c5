/** Each change beside the figures of the ten seconds before and after it. */
import type { RefObject } from 'preact';
import { ApiRefusal } from '../../api/api-client.ts';
import { Panel } from '../../charts/chart-card.tsx';
import { DataTable } from '../../charts/data-table.tsx';
import { NO_FIGURE } from '../../figures.ts';
import { RefusalNotice } from '../../refusal-notice.tsx';
import { useCell } from '../../state/cell.ts';
import { useConsole, useLive, useWording, type Wording } from '../../state/console-state.ts';
import { COMPARED_MS, type KeyFigures, type MadeChange } from '../../state/made-change.ts';
import type { ActionProps } from './action-props.ts';

interface Props extends ActionProps {
  /** Where one is taken once a change was made. */
  readonly place: RefObject<HTMLDivElement | null>;
}

/** The forms below them must not be screens away. */
const OPEN_MAX = 2;

export function EffectsPanel({ plan, mayAct, place }: Props) {
  const { texts, figures } = useWording();
  const changes = useCell(useConsole().changes);
  if (changes.length === 0) return null;
  const earlier = changes.slice(OPEN_MAX);
  return (
    // biome-ignore lint/a11y/useSemanticElements: the panel in it is the section
    <div ref={place} tabIndex={-1} role="group" aria-label={texts.actions.effects}>
      <Panel title={texts.actions.effects}>
        <EffectList changes={changes.slice(0, OPEN_MAX)} {...{ plan, mayAct }} />
        {earlier.length > 0 && (
          <details>
            <summary>{texts.actions.earlier(figures.count(earlier.length))}</summary>
            <EffectList changes={earlier} {...{ plan, mayAct }} />
          </details>
        )}
      </Panel>
    </div>
  );
}

interface ListProps extends ActionProps {
  readonly changes: readonly MadeChange[];
}

function EffectList({ changes, ...own }: ListProps) {
  return (
    <ol class="effects">
      {changes.map(change => (
        <li key={change.id}>
          <Effect change={change} {...own} />
        </li>
      ))}
    </ol>
  );
}

function Effect({ change, plan, mayAct }: ActionProps & { readonly change: MadeChange }) {
  const wording = useWording();
  const { texts, figures } = wording;
  const { inverse, title, lines } = change.plan;
  const isMixed = useCell(useConsole().changes).some(
    ({ id, atMs }) => id !== change.id && Math.abs(atMs - change.atMs) < COMPARED_MS,
  );
  return (
    <article class="effect">
      <div class="effect-head">
        <div>
          <h3>{title}</h3>
          <p class="hint">
            {figures.moment(change.atMs)} · {change.reason}
          </p>
          <ul class="effect-lines">
            {lines.map(({ name, from, to }) => (
              <li key={name}>
                {name}: {from} → <strong>{to}</strong>
              </li>
            ))}
          </ul>
        </div>
        {change.isReverted && <span class="badge pending">{texts.actions.reverted}</span>}
        {inverse !== undefined && !change.isReverted && (
          <button
            type="button"
            disabled={!mayAct}
            onClick={() => plan(inverse)}
            aria-label={texts.actions.revertTitle(title)}
          >
            {texts.actions.revert}
          </button>
        )}
      </div>
      {isMixed && <p class="notice">{texts.actions.mixed}</p>}
      <Comparison change={change} />
    </article>
  );
}

function Comparison({ change }: { readonly change: MadeChange }) {
  const wording = useWording();
  const { texts, figures } = wording;
  useLive();
  const { live } = useConsole();
  const { before, after } = change;
  const refusal = [before, after].find(one => one instanceof ApiRefusal);
  if (refusal !== undefined) return <RefusalNotice refusal={refusal} />;
  const doneMs = Math.max(0, Math.min(COMPARED_MS, live.nowMs() - change.atMs));
  const collecting = texts.actions.collecting(
    figures.seconds(Math.floor(doneMs / 1_000) * 1_000),
    figures.seconds(COMPARED_MS),
  );
  const rows = comparedRows(wording).map(({ label, of, shown }) => {
    const value = (figure: number | null) => (figure === null ? NO_FIGURE : shown(figure));
    const then = of(before as KeyFigures);
    if (after === undefined) return [label, value(then), collecting, ''];
    const now = of(after as KeyFigures);
    const isBoth = then !== null && now !== null;
    return [label, value(then), value(now), isBoth ? figures.difference(then, now, shown) : ''];
  });
  const columns = [
    { label: texts.actions.figure },
    ...[texts.actions.before, texts.actions.after, texts.latency.difference].map(label => ({
      ...{ label, isFigure: true },
    })),
  ];
  return <DataTable caption={texts.actions.effects} columns={columns} rows={rows} />;
}

interface ComparedRow {
  readonly label: string;
  readonly of: (figures: KeyFigures) => number | null;
  readonly shown: (value: number) => string;
}

function comparedRows({ texts, figures }: Wording): readonly ComparedRow[] {
  const rate = (value: number) => figures.rate(value);
  const ms = (value: number) => figures.ms(value);
  const cores = (value: number) => `${figures.decimal(value, 2)} ${texts.unit.cores}`;
  return [
    { label: texts.overview.rate, of: one => one.perSecond, shown: rate },
    { label: texts.overview.goodput, of: one => one.goodPerSecond, shown: rate },
    { label: texts.overview.refused, of: one => one.refusedPerSecond, shown: rate },
    { label: 'p50', of: one => one.p50, shown: ms },
    { label: 'p99', of: one => one.p99, shown: ms },
    { label: 'p99.9', of: one => one.p999, shown: ms },
    { label: texts.overview.max, of: one => one.max, shown: ms },
    { label: texts.actions.queueWait, of: one => one.meanWait, shown: ms },
    { label: texts.actions.service, of: one => one.meanService, shown: ms },
    { label: texts.actions.cores, of: one => one.cores, shown: cores },
  ];
}
