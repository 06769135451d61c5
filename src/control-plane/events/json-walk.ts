const SPACE = new Set([' ', '\t', '\n', '\r']);
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/**
 * Walks JSON text that a parser has accepted already: it follows the structure and checks nothing.
 * It is for what parsing loses, the exact text of a value: digits of a number beyond a double's,
 * the order of members whose names are numbers, the space between.
 */
export class JsonWalk {
  private readonly text: string;
  private at = 0;

  constructor(text: string) {
    this.text = text;
    this.skipSpace();
  }

  /** From an object: calls `visit` before each value, which has to move behind it. */
  members(visit: (name: string) => void): void {
    this.list('}', () => {
      const name = JSON.parse(this.value()) as string;
      this.skipSpace();
      this.at += 1;
      this.skipSpace();
      visit(name);
    });
  }

  /** From an array: calls `visit` before each item, which has to move behind it. */
  items(visit: () => void): void {
    this.list(']', visit);
  }

  /** The text of the value here, without the space around it; moves behind it. */
  value(): string {
    const start = this.at;
    const first = this.text[start];
    if (first === '"') this.skipString();
    else if (first === '{' || first === '[') this.skipNested();
    else this.skipLiteral();
    return this.text.slice(start, this.at);
  }

  private list(end: string, visit: () => void): void {
    this.at += 1;
    this.skipSpace();
    while (this.text[this.at] !== end) {
      visit();
      this.skipSpace();
      if (this.text[this.at] !== ',') continue;
      this.at += 1;
      this.skipSpace();
    }
    this.at += 1;
  }

  private skipSpace(): void {
    while (SPACE.has(this.text[this.at]!)) this.at += 1;
  }

  private skipString(): void {
    const { text } = this;
    let end = this.at;
    do {
      end = text.indexOf('"', end + 1);
    } while (this.isEscaped(end));
    this.at = end + 1;
  }

  /** A quote after an odd number of backslashes belongs to the string. */
  private isEscaped(quote: number): boolean {
    let before = quote - 1;
    while (this.text.charCodeAt(before) === BACKSLASH) before -= 1;
    return (quote - before) % 2 === 0;
  }

  private skipNested(): void {
    const { text } = this;
    let depth = 0;
    do {
      const code = text.charCodeAt(this.at);
      if (code === QUOTE) {
        this.skipString();
        continue;
      }
      // [ and { differ from ] and } by 2, and from each other by 0x20.
      if ((code | 0x20) === 0x7b) depth += 1;
      else if ((code | 0x20) === 0x7d) depth -= 1;
      this.at += 1;
    } while (depth > 0);
  }

  private skipLiteral(): void {
    const end = /[\s,\]}]|$/g;
    end.lastIndex = this.at;
    this.at = end.exec(this.text)!.index;
  }
}
