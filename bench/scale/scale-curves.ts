/** The charts of bench:scale, for the HTML report. */
import type { CurveSection } from '../report/render-curves.ts';
import { growthSentence } from './growth-sentence.ts';
import type { Metric, ScalePoint, SectionResult } from './scale-result.ts';
import { type ScaleSection, SECTIONS } from './sections.ts';

interface Chart {
  readonly heading: string;
  readonly yLabel: string;
  /** The sentence is about the first. */
  readonly series: readonly (readonly [metric: Metric, name: string])[];
}

const CPU: Chart = {
  heading: 'CPU per call',
  yLabel: 'µs of CPU per call',
  series: [
    ['cpuMicrosPerRequest', 'whole gateway'],
    ['frontCpuMicrosPerRequest', 'front threads'],
  ],
};
const LATENCY: Chart = {
  heading: 'latency',
  yLabel: 'ms from the intended send time',
  series: [
    ['p99Ms', 'p99'],
    ['p50Ms', 'p50'],
  ],
};
const MEMORY: Chart = {
  heading: 'memory',
  yLabel: 'resident MB',
  series: [['rssMb', 'whole gateway']],
};
const START: Chart = {
  heading: 'time to start',
  yLabel: 'ms until ready',
  series: [['startMs', 'whole gateway']],
};

function chartsOf({ showsStart }: ScaleSection): Chart[] {
  return showsStart ? [CPU, LATENCY, MEMORY, START] : [CPU, LATENCY, MEMORY];
}

/** One chart for each measure of each section. */
export function scaleCurves(results: readonly SectionResult[]): CurveSection[] {
  return results.flatMap(({ name, points }) => {
    const section = SECTIONS.find(candidate => candidate.name === name)!;
    return chartsOf(section).map(chart => curveOf(section, chart, points));
  });
}

function curveOf(section: ScaleSection, chart: Chart, points: readonly ScalePoint[]): CurveSection {
  const { noun, logX } = section;
  const capital = noun.charAt(0).toUpperCase() + noun.slice(1);
  return {
    heading: `${capital}: ${chart.heading}`,
    sentence: growthSentence(noun, chart.series[0]![0], points),
    xLabel: noun,
    yLabel: chart.yLabel,
    logX,
    series: chart.series.map(([metric, name]) => ({
      name,
      points: points.map(({ x, figures }) => [x, figures[metric].median] as const),
    })),
  };
}
