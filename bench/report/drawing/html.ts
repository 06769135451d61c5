/** Text that is HTML already. Only `html` makes it, so nothing reaches a page unescaped. */
export class Markup {
  readonly text: string;

  private constructor(text: string) {
    this.text = text;
  }

  static of(strings: TemplateStringsArray, values: readonly Value[]): Markup {
    let text = strings[0]!;
    for (const [index, value] of values.entries()) text += textOf(value) + strings[index + 1]!;
    return new Markup(text);
  }

  /** For the page's own style sheet alone; it is written as it is. */
  static ofStyle(sheet: string): Markup {
    return new Markup(`<style>\n${sheet}</style>`);
  }
}

/** What may stand in a template. A list is written without anything between its entries. */
export type Value = string | number | Markup | readonly Markup[];

/**
 * Escapes every string and number it is given, for text and for attribute values in double quotes.
 * @throws RangeError for a number that is not finite: in an attribute it would draw nothing
 */
export function html(strings: TemplateStringsArray, ...values: readonly Value[]): Markup {
  return Markup.of(strings, values);
}

/** For a part of a template that is not there. */
export const NOTHING = html``;

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Controls that a parser drops or refuses, and those that turn the reading direction around. */
const UNSEEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069\p{Cs}]/gu;

function textOf(value: Value): string {
  if (value instanceof Markup) return value.text;
  if (typeof value === 'string') {
    return value.replace(UNSEEN, '\ufffd').replace(/[&<>"']/g, mark => ENTITIES[mark]!);
  }
  if (typeof value !== 'number') return value.map(part => part.text).join('');
  if (!Number.isFinite(value)) throw new RangeError(`${value} has no place on a page`);
  return String(value);
}
