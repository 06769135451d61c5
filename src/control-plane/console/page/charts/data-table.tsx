/** Figures as a table: the text of every chart, and what is a table anyway. */
import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';

export interface Column {
  readonly label: string;
  /** Figures stand at the right, one below the other. */
  readonly isFigure?: boolean;
}

export interface TableData {
  readonly columns: readonly Column[];
  /** The first cell names its row. */
  readonly rows: readonly (readonly ComponentChildren[])[];
}

interface Props extends TableData {
  readonly caption: string;
  readonly showsCaption?: boolean;
  readonly note?: string;
}

export function DataTable({ caption, columns, rows, note, showsCaption = false }: Props) {
  const { frame, scrolls } = useScrolls();
  // What scrolls must be reached by keyboard; what does not is no place to stop.
  const stop = scrolls ? { tabIndex: 0 } : {};
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for a form
    <div class="table-frame" role="group" aria-label={caption} ref={frame} {...stop}>
      <table>
        <caption class={showsCaption ? undefined : 'unseen'}>{caption}</caption>
        <thead>
          <tr>
            {columns.map(({ label, isFigure }) => (
              <th key={label} scope="col" class={isFigure ? 'figure' : undefined}>
                {label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((cells, row) => (
            <tr key={typeof cells[0] === 'string' ? cells[0] : row}>
              {cells.map((cell, index) => (
                <Cell key={columns[index]!.label} column={columns[index]!} isName={index === 0}>
                  {cell}
                </Cell>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {note !== undefined && <p class="hint">{note}</p>}
    </div>
  );
}

/** Whether the table is larger than its frame. */
function useScrolls() {
  const frame = useRef<HTMLDivElement>(null);
  const [scrolls, setScrolls] = useState(false);
  useEffect(() => {
    const outer = frame.current!;
    const measure = () =>
      setScrolls(outer.scrollWidth > outer.clientWidth || outer.scrollHeight > outer.clientHeight);
    const observer = new ResizeObserver(measure);
    observer.observe(outer);
    for (const inner of outer.children) observer.observe(inner);
    return () => observer.disconnect();
  }, []);
  return { frame, scrolls };
}

interface CellProps {
  readonly column: Column;
  readonly isName: boolean;
  readonly children?: ComponentChildren;
}

function Cell({ column, isName, children }: CellProps) {
  const look = column.isFigure ? 'figure' : undefined;
  if (!isName) return <td class={look}>{children}</td>;
  return (
    <th scope="row" class={look}>
      {children}
    </th>
  );
}
