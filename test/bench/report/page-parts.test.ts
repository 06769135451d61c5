import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { formatMs, formatRatio, formatTick } from '../../../bench/report/drawing/format.ts';
import { html } from '../../../bench/report/drawing/html.ts';

describe('html', () => {
  it('escapes text and attribute values, and what is HTML already only once', () => {
    const inner = html`<b title="${'"'}">${"<'&>"}</b>`;
    expect(html`<p>${inner}</p>`.text).toBe('<p><b title="&quot;">&lt;&#39;&amp;&gt;</b></p>');
  });

  it('shows controls, lone surrogates and turns of direction as what they are', () => {
    expect(html`${'a\u0000b\u202ec\ud800d\ne'}`.text).toBe('a\ufffdb\ufffdc\ufffdd\ne');
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY])('refuses %d', value => {
    expect(() => html`<line x1="${value}"/>`).toThrow(RangeError);
  });
});

describe('figures', () => {
  it.each([
    [0, '0 ms'],
    [0.0042, '0.004 ms'],
    [0.00042, '4.2e-4 ms'],
    [0.9123, '0.912 ms'],
    [16.31, '16.3 ms'],
    [1_203.9, '1,204 ms'],
    [Number.NaN, '–'],
  ])('writes %d as %s', (ms, text) => expect(formatMs(ms)).toBe(text));

  it('shortens what an axis has no room for', () => {
    expect([0.00001, 0.25, 20_000, 1_000_000].map(formatTick)).toEqual([
      '1e-5',
      '0.25',
      '20,000',
      '1M',
    ]);
  });

  it('gives no ratio to nothing', () => {
    expect(formatRatio(2, 5)).toBe('×2.50');
    expect(formatRatio(0, 5)).toBe('');
    expect(formatRatio(Number.NaN, 5)).toBe('');
  });
});

describe('colours', () => {
  const sheet = readFileSync(new URL('../../../bench/report/report.css', import.meta.url), 'utf8');
  const themes = sheet.split('@media (prefers-color-scheme: dark)').map(colours);

  it.each([
    ['light', 0],
    ['dark', 1],
  ])('stand out from the %s page', (_, index) => {
    const theme = themes[index]!;
    for (const ground of ['page', 'panel']) {
      for (const text of ['ink', 'quiet', 'link', 'bad', 'good']) {
        expect(contrast(theme.get(text)!, theme.get(ground)!)).toBeGreaterThanOrEqual(4.5);
      }
      for (let hue = 1; hue <= 8; hue++) {
        expect(contrast(theme.get(`hue-${hue}`)!, theme.get(ground)!)).toBeGreaterThanOrEqual(3);
      }
    }
    expect(contrast(theme.get('bad')!, theme.get('bad-page')!)).toBeGreaterThanOrEqual(4.5);
  });

  it.each([
    ['light', 0],
    ['dark', 1],
  ])('grow from shade to shade on the %s page', (_, index) => {
    const theme = themes[index]!;
    const steps = [1, 2, 3, 4, 5, 6, 7].map(shade =>
      contrast(theme.get(`shade-${shade}`)!, theme.get('panel')!),
    );
    expect(steps[0]).toBeGreaterThan(1.2);
    expect(steps).toEqual([...steps].sort((one, other) => one - other));
  });
});

function colours(sheet: string): Map<string, string> {
  return new Map(
    [...sheet.matchAll(/--([\w-]+): (#[0-9a-f]{6});/g)].map(([, name, hex]) => [name!, hex!]),
  );
}

/** WCAG 2.2, contrast ratio: 1 to 21. */
function contrast(one: string, other: string): number {
  const [darker, lighter] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (lighter! + 0.05) / (darker! + 0.05);
}

function luminance(hex: string): number {
  const [red, green, blue] = [1, 3, 5].map(at => {
    const share = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!;
}
