/** Paints the heat map: cells, the axis of durations, the axis of time. */
import { HEAT_BOUNDS_MS, type TrafficFigures } from '../../../../telemetry/live-frame.ts';
import type { Figures } from '../figures.ts';
import { seenColour } from './colours.ts';
import { BANDS, heatColours, heatStep } from './heat-scale.ts';
import { MARK_STEPS_SECONDS } from './time-marks.ts';
import { axisFont, remPx } from './use-plot.ts';

/** Beside and below the cells, for marks; in the text size of the page. */
const GUTTER_REMS = 4.1;
const FOOT_REMS = 1.6;
const MARK_SPACE_REMS = 5.3;

export function gutterPx(): number {
  return Math.round(remPx() * GUTTER_REMS);
}

function footPx(): number {
  return Math.round(remPx() * FOOT_REMS);
}

/** Bounds per decade. */
const PER_DECADE = 8;

export interface HeatPicture {
  readonly rows: readonly TrafficFigures[];
  readonly fromMs: number;
  readonly toMs: number;
  readonly figures: Figures;
}

interface Frame {
  /** Where the cells begin. */
  readonly left: number;
  readonly width: number;
  readonly height: number;
}

export function paintHeat(canvas: HTMLCanvasElement, picture: HeatPicture): void {
  const width = canvas.clientWidth;
  const height = canvas.clientHeight;
  const scale = devicePixelRatio;
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  const context = canvas.getContext('2d')!;
  context.scale(scale, scale);
  const left = gutterPx();
  const frame = { left, width: width - left, height: height - footPx() };
  paintCells(context, frame, picture);
  context.font = axisFont();
  paintDurations(context, frame, picture.figures);
  paintTimes(context, frame, picture);
}

/** Which band is at a height of the map, from the fastest (0). */
export function bandAtHeight(y: number, canvasHeight: number): number | undefined {
  const height = canvasHeight - footPx();
  if (y < 0 || y >= height) return undefined;
  return BANDS - 1 - Math.floor((y / height) * BANDS);
}

function paintCells(context: CanvasRenderingContext2D, frame: Frame, picture: HeatPicture): void {
  const { rows, fromMs, toMs } = picture;
  const colours = heatColours(isDarkPanel());
  const density = densityOf(rows);
  let densest = 0;
  for (const row of rows) {
    for (const count of row.heat) densest = Math.max(densest, density(row, count));
  }
  const x = (ms: number) => frame.left + ((ms - fromMs) / (toMs - fromMs)) * frame.width;
  const bandHeight = frame.height / BANDS;
  for (const row of rows) {
    const left = Math.max(frame.left, Math.floor(x(row.fromMs)));
    const right = Math.min(frame.left + frame.width, Math.ceil(x(row.toMs)));
    if (right <= left) continue;
    for (const [band, count] of row.heat.entries()) {
      if (count === 0) continue;
      const top = Math.round(frame.height - (band + 1) * bandHeight);
      const bottom = Math.round(frame.height - band * bandHeight);
      context.fillStyle = colours[heatStep(density(row, count), densest)]!;
      context.fillRect(left, top, right - left, bottom - top);
    }
  }
}

/**
 * What a cell would have if its row were as long as the longest: a row of ten seconds is not darker
 * than ten of one.
 */
function densityOf(rows: readonly TrafficFigures[]) {
  const lengthMs = ({ fromMs, toMs }: TrafficFigures) => Math.max(1, toMs - fromMs);
  const longestMs = rows.reduce((longest, row) => Math.max(longest, lengthMs(row)), 0);
  return (row: TrafficFigures, count: number) => (count * longestMs) / lengthMs(row);
}

export function isDarkPanel(): boolean {
  const [red = 255] = /\d+/.exec(seenColour('panel')) ?? [];
  return Number(red) < 128;
}

function paintDurations(context: CanvasRenderingContext2D, frame: Frame, figures: Figures): void {
  context.strokeStyle = seenColour('line');
  context.fillStyle = seenColour('muted');
  context.textAlign = 'right';
  context.textBaseline = 'middle';
  for (let index = 0; index < HEAT_BOUNDS_MS.length; index += PER_DECADE) {
    const y = Math.round(frame.height * (1 - (index + 1) / BANDS)) + 0.5;
    context.beginPath();
    context.moveTo(frame.left - 4, y);
    context.lineTo(frame.left + frame.width, y);
    context.stroke();
    const inside = Math.min(Math.max(y, 7), frame.height - 7);
    context.fillText(figures.msMark(HEAT_BOUNDS_MS[index]!), frame.left - 8, inside);
  }
}

function paintTimes(context: CanvasRenderingContext2D, frame: Frame, picture: HeatPicture): void {
  const { fromMs, toMs, figures } = picture;
  const spacePx = remPx() * MARK_SPACE_REMS;
  const perMs = frame.width / (toMs - fromMs);
  const isWide = (seconds: number) => seconds * 1_000 * perMs >= spacePx;
  const stepMs = (MARK_STEPS_SECONDS.find(isWide) ?? MARK_STEPS_SECONDS.at(-1)!) * 1_000;
  const halfPx = spacePx / 2;
  context.textBaseline = 'top';
  context.textAlign = 'center';
  for (let atMs = Math.ceil(fromMs / stepMs) * stepMs; atMs <= toMs; atMs += stepMs) {
    const x = (atMs - fromMs) * perMs;
    if (x < halfPx - 12 || x > frame.width - halfPx + 12) continue;
    context.fillText(figures.clockMark(atMs, stepMs), frame.left + x, frame.height + 7);
  }
}
