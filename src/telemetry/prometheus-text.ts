/**
 * Prometheus text exposition, version 0.0.4
 * (https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format): each metric is
 * one family, its HELP and TYPE first and its samples together.
 */
export const PROMETHEUS_CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

export type MetricType = 'counter' | 'gauge' | 'histogram';
export type Labels = Readonly<Record<string, string>>;

export class PrometheusText {
  private readonly lines: string[] = [];
  private readonly seen = new Set<string>();
  private name = '';

  /** Starts a family; every later sample belongs to it. Throws where the name was used before. */
  family(name: string, type: MetricType, help: string): void {
    if (this.seen.has(name)) throw new Error(`Metric ${name} is written twice.`);
    this.seen.add(name);
    this.name = name;
    this.lines.push(`# HELP ${name} ${escapeHelp(help)}`, `# TYPE ${name} ${type}`);
  }

  sample(value: number, labels: Labels = {}): void {
    this.lines.push(`${this.name}${labelText(labels)} ${numberText(value)}`);
  }

  /**
   * One histogram of the current family. `cumulative` has a count per bound, `count` everything;
   * bounds and sum are in the family's unit.
   */
  histogram(
    labels: Labels,
    bounds: readonly number[],
    cumulative: readonly number[],
    count: number,
    sum: number,
  ): void {
    const { name } = this;
    // The labels of one histogram are the same on each of its lines.
    const inner = labelText(labels).slice(1, -1);
    const prefix = `${name}_bucket{${inner === '' ? '' : `${inner},`}le="`;
    for (let i = 0; i < bounds.length; i += 1) {
      this.lines.push(`${prefix}${numberText(bounds[i]!)}"} ${numberText(cumulative[i]!)}`);
    }
    this.lines.push(`${prefix}+Inf"} ${numberText(count)}`);
    this.lines.push(`${name}_sum${labelText(labels)} ${numberText(sum)}`);
    this.lines.push(`${name}_count${labelText(labels)} ${numberText(count)}`);
  }

  toString(): string {
    return `${this.lines.join('\n')}\n`;
  }
}

function labelText(labels: Labels): string {
  const parts = Object.entries(labels).map(([name, value]) => `${name}="${escapeLabel(value)}"`);
  return parts.length === 0 ? '' : `{${parts.join(',')}}`;
}

function escapeLabel(value: string): string {
  return value.replace(/[\\"\n]/g, char => (char === '\n' ? '\\n' : `\\${char}`));
}

function escapeHelp(text: string): string {
  return text.replace(/[\\\n]/g, char => (char === '\n' ? '\\n' : '\\\\'));
}

function numberText(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf';
  if (value === Number.NEGATIVE_INFINITY) return '-Inf';
  return String(value);
}
