/** Colours of the style sheet as a canvas takes them. */
const SERIES_COLOURS = ['s1', 's2', 's3', 's4', 's5', 's6'] as const;

export type SeriesColour = (typeof SERIES_COLOURS)[number];
export type Colour = SeriesColour | 'ink' | 'muted' | 'line' | 'panel';

/** `light-dark()` is decided where a colour is used, so that a property's own text says nothing. */
export function seenColour(colour: Colour): string {
  const probe = document.createElement('span');
  probe.style.color = `var(--${colour})`;
  document.body.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}

export function seriesColour(index: number): SeriesColour {
  return SERIES_COLOURS[index % SERIES_COLOURS.length]!;
}
