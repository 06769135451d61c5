/** From how many exchanges a cell has to its colour, and from places on the map to cells. */
import { HEAT_BOUNDS_MS } from '../../../../telemetry/live-frame.ts';

export const BANDS = HEAT_BOUNDS_MS.length + 1;

type Rgb = readonly [number, number, number];

/** Few to many; each is seen on its panel, and lightness alone tells them apart. */
const LIGHT: readonly Rgb[] = [
  ...([
    [214, 228, 247],
    [112, 166, 224],
    [38, 96, 178],
    [12, 34, 84],
  ] as const),
];
const DARK: readonly Rgb[] = [
  ...([
    [30, 48, 84],
    [44, 108, 176],
    [92, 190, 200],
    [255, 240, 176],
  ] as const),
];

const STEPS = 32;

/** Colours by step, from few to many. */
export function heatColours(isDark: boolean): readonly string[] {
  const anchors = isDark ? DARK : LIGHT;
  return Array.from({ length: STEPS }, (_, step) => {
    const at = (step / (STEPS - 1)) * (anchors.length - 1);
    const below = Math.min(anchors.length - 2, Math.floor(at));
    const [from, to] = [anchors[below]!, anchors[below + 1]!];
    const mixed = from.map((part, index) => Math.round(part + (to[index]! - part) * (at - below)));
    return `rgb(${mixed.join(' ')})`;
  });
}

/** Logarithmic: a single slow exchange among thousands is still seen. */
export function heatStep(count: number, countMax: number): number {
  if (countMax <= 1) return STEPS - 1;
  return Math.round((Math.log1p(count) / Math.log1p(countMax)) * (STEPS - 1));
}

export interface Band {
  /** Undefined below the first bound, and above the last. */
  readonly fromMs: number | undefined;
  readonly toMs: number | undefined;
}

export function bandAt(index: number): Band {
  return { fromMs: HEAT_BOUNDS_MS[index - 1], toMs: HEAT_BOUNDS_MS[index] };
}
