/** The README's two languages, and how figures are written in both. */

export const LANGUAGES = ['en', 'zh'] as const;
export type Language = (typeof LANGUAGES)[number];

export type Text = Readonly<Record<Language, string>>;

/** The same in both languages. */
export function both(text: string): Text {
  return { en: text, zh: text };
}

/** Three significant digits, but whole numbers whole and with their thousands apart. */
export function figure(value: number): string {
  if (Number.isInteger(value) || Math.abs(value) >= 100) return count(Math.round(value));
  return String(Number(value.toPrecision(3)));
}

export function count(value: number): string {
  return value.toLocaleString('en-GB');
}

/** A range; one figure where both ends are written alike. */
export function range(min: number, max: number): Text {
  const [from, to] = [figure(min), figure(max)];
  return from === to ? both(from) : { en: `${from} to ${to}`, zh: `${from} 至 ${to}` };
}
