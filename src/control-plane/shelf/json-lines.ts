/**
 * Follows JSON text that a parser has accepted already, for what parsing loses: on which line each
 * value stands, which names an object has twice, how deep it goes. One pass, no recursion.
 */
import type { JsonPath } from './pointers.ts';

const DUPLICATES_MAX = 20;
const CHAR = { quote: 0x22, backslash: 0x5c, newline: 0x0a, comma: 0x2c, colon: 0x3a } as const;
const SPACE = 0x20;
const OPEN_OBJECT = 0x7b;
const OPEN_ARRAY = 0x5b;
const CLOSE_OBJECT = 0x7d;
const CLOSE_ARRAY = 0x5d;

export interface DuplicateName {
  readonly path: JsonPath;
  readonly line: number;
}

/** Steps of the wanted places, as a tree: whatever is beside it needs no place of its own. */
interface Wanted {
  /** Which of the places end here. */
  readonly places: number[];
  readonly below: Map<string, Wanted>;
}

interface Frame {
  readonly names: Set<string> | undefined;
  readonly wanted: Wanted | undefined;
  step: string | number;
}

function newWanted(): Wanted {
  return { places: [], below: new Map() };
}

function wantedTree(paths: readonly JsonPath[]): Wanted {
  const root = newWanted();
  for (const [place, path] of paths.entries()) {
    let at = root;
    for (const step of path) {
      let next = at.below.get(String(step));
      if (next === undefined) {
        next = newWanted();
        at.below.set(String(step), next);
      }
      at = next;
    }
    at.places.push(place);
  }
  return root;
}

class JsonLines {
  line = 1;
  depthMax = 0;
  readonly duplicates: DuplicateName[] = [];
  readonly found = new Map<number, number>();
  private readonly text: string;
  private readonly stack: Frame[] = [];
  /** What is wanted of the value that comes next. */
  private next: Wanted | undefined;
  /** What is wanted of an item that has not begun yet. */
  private item: Wanted | undefined;
  private at = 0;

  constructor(text: string, wanted: Wanted) {
    this.text = text;
    this.next = wanted;
    this.note(wanted);
  }

  walk(): void {
    const { text } = this;
    while (this.at < text.length) {
      const code = text.charCodeAt(this.at);
      if (this.item !== undefined && code > SPACE) this.noteItem(code);
      if (code === CHAR.quote) {
        this.string();
        continue;
      }
      if (code === CHAR.newline) this.line += 1;
      else if (code === OPEN_OBJECT || code === OPEN_ARRAY) this.open(code === OPEN_OBJECT);
      else if (code === CLOSE_OBJECT || code === CLOSE_ARRAY) this.stack.pop();
      else if (code === CHAR.comma) this.comma();
      this.at += 1;
    }
  }

  private open(isObject: boolean): void {
    const names = isObject ? new Set<string>() : undefined;
    this.stack.push({ names, wanted: this.next, step: isObject ? '' : 0 });
    this.depthMax = Math.max(this.depthMax, this.stack.length);
    this.next = undefined;
    if (!isObject) this.enter(0);
  }

  private comma(): void {
    const frame = this.stack.at(-1);
    if (frame === undefined || frame.names !== undefined) return;
    this.enter((frame.step as number) + 1);
  }

  private enter(step: string | number): void {
    const frame = this.stack.at(-1)!;
    frame.step = step;
    this.next = frame.wanted?.below.get(String(step));
    // A name stands where it is read, an item only where its first character comes.
    if (typeof step === 'number') this.item = this.next;
    else this.note(this.next);
  }

  private noteItem(code: number): void {
    if (code !== CLOSE_ARRAY) this.note(this.item);
    this.item = undefined;
  }

  private note(wanted: Wanted | undefined): void {
    for (const place of wanted?.places ?? []) this.found.set(place, this.line);
  }

  /** A value, or a name where a colon follows in an object. */
  private string(): void {
    const start = this.at;
    this.at += 1;
    for (;;) {
      const code = this.text.charCodeAt(this.at);
      if (code === CHAR.backslash) this.at += 2;
      else if (code === CHAR.quote) break;
      else this.at += 1;
    }
    this.at += 1;
    const frame = this.stack.at(-1);
    if (frame?.names !== undefined && this.isName()) this.name(frame, start);
  }

  private isName(): boolean {
    let at = this.at;
    for (;;) {
      const code = this.text.charCodeAt(at);
      if (code === CHAR.colon) return true;
      if (code !== 0x20 && code !== 0x09 && code !== 0x0a && code !== 0x0d) return false;
      at += 1;
    }
  }

  private name(frame: Frame, start: number): void {
    const raw = this.text.slice(start, this.at);
    const name = raw.includes('\\') ? (JSON.parse(raw) as string) : raw.slice(1, -1);
    this.enter(name);
    const names = frame.names!;
    if (names.has(name) && this.duplicates.length < DUPLICATES_MAX) {
      this.duplicates.push({ path: this.stack.map(({ step }) => step), line: this.line });
    }
    names.add(name);
  }
}

/** Names that stand twice in an object, and how deep the text nests. */
export function inspectJson(text: string): {
  readonly duplicates: readonly DuplicateName[];
  readonly depthMax: number;
} {
  const lines = new JsonLines(text, newWanted());
  lines.walk();
  return lines;
}

/** The line of each place; of the nearest around it that is there. */
export function jsonLinesOf(text: string, paths: readonly JsonPath[]): number[] {
  // Each place wants those around it too, so that a step that is not there still has a line.
  const around: JsonPath[] = [];
  const starts = paths.map(path => {
    const start = around.length;
    for (let steps = path.length; steps >= 0; steps--) around.push(path.slice(0, steps));
    return start;
  });
  const lines = new JsonLines(text, wantedTree(around));
  lines.walk();
  return starts.map(start => {
    let place = start;
    while (!lines.found.has(place)) place += 1;
    return lines.found.get(place)!;
  });
}
