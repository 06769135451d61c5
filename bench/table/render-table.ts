/** The README's table of figures, as Markdown. */
import { machineOf } from './recorded-runs.ts';
import type { TableRow } from './table-row.ts';
import type { Language, Text } from './text.ts';

const HEAD: Text = {
  en: '| what | seen | command | run |',
  zh: '| 内容 | 测得 | 命令 | 运行 |',
};
const EMPTY: Text = { en: 'No run is recorded.', zh: '尚无运行记录。' };

/**
 * One line for each row, and under the table the machines; runs are told apart by their machine's
 * number where there is more than one.
 */
export function renderTable(rows: readonly TableRow[], language: Language): string {
  if (rows.length === 0) return EMPTY[language];
  const machines = [...new Set(rows.map(({ run }) => machineOf(run)))];
  const lines = rows.map(row => renderRow(row, machines, language));
  const table = [HEAD[language], '|---|---|---|---|', ...lines].join('\n');
  return `${table}\n\n${renderMachines(machines, language)}`;
}

function renderRow(
  { what, seen, command, run }: TableRow,
  machines: readonly string[],
  language: Language,
): string {
  const number = machines.length === 1 ? '' : ` (${machines.indexOf(machineOf(run)) + 1})`;
  const date = run.startedAt.slice(0, 'yyyy-mm-dd'.length);
  const commit = run.commit === '' ? '' : ` ${run.commit}`;
  const cells = [what[language], seen[language], `\`${command}\``, `${date}${commit}${number}`];
  return `| ${cells.map(cell => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

function renderMachines(machines: readonly string[], language: Language): string {
  const list = machines.map((machine, index) =>
    machines.length === 1 ? machine : `(${index + 1}) ${machine}`,
  );
  return language === 'en' ? `Machine: ${list.join('; ')}.` : `机器：${list.join('；')}。`;
}
