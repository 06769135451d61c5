import { html, type Markup } from './html.ts';

/** Every row opens with its heading. */
export interface DataTable {
  readonly caption: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** A table that a keyboard can scroll sideways where it is wider than the page. */
export function dataTable({ caption, head, rows }: DataTable): Markup {
  return html`<div class="scroll" role="region" aria-label="${caption}" tabindex="0"><table>
<caption>${caption}</caption>
<thead><tr>${head.map(cell => html`<th scope="col">${cell}</th>`)}</tr></thead>
<tbody>${rows.map(dataRow)}</tbody>
</table></div>
`;
}

function dataRow([heading = '', ...cells]: readonly string[]): Markup {
  const rest = cells.map(cell => html`<td>${cell}</td>`);
  return html`<tr><th scope="row">${heading}</th>${rest}</tr>
`;
}

/** The figures behind a chart, folded away. */
export function foldedTable(table: DataTable): Markup {
  return html`<details><summary>${table.caption}</summary>${dataTable(table)}</details>
`;
}
