import { measurePoint, type PointFigures, type PointTiming } from './measure-point.ts';
import { type SectionResult, scalePoint } from './scale-result.ts';
import { pointOf, type ScaleSection } from './sections.ts';

export interface ScaleRun {
  readonly sections: readonly ScaleSection[];
  readonly rounds: number;
  readonly timing: Omit<PointTiming, 'seed'>;
  /** Aborted, the run rejects, and what it started ends. */
  readonly signal: AbortSignal;
  readonly onProgress: (text: string) => void;
}

/**
 * Every point once a round, so that a busy minute falls on all of them alike; the seed of the
 * arrivals is the number of the round.
 */
export async function runScale(run: ScaleRun): Promise<SectionResult[]> {
  const { sections, rounds, timing, signal, onProgress } = run;
  const points = sections.flatMap(section =>
    section.values.map(x => ({
      section,
      x,
      options: pointOf(section, x),
      rounds: [] as PointFigures[],
    })),
  );
  for (let seed = 1; seed <= rounds; seed++) {
    for (const point of points) {
      onProgress(`round ${seed} of ${rounds}: ${point.section.noun} ${point.x}`);
      point.rounds.push(await measurePoint(point.options, { ...timing, seed }, signal));
    }
  }
  return sections.map(section => ({
    name: section.name,
    points: points
      .filter(point => point.section === section)
      .map(point => scalePoint(point.x, point.options, point.rounds)),
  }));
}
