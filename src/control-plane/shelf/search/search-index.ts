/**
 * Finds products, APIs and operations by the beginnings of their words. Words stand in one sorted
 * list, each with the places where it is; what changes is taken out and put in, and the list is
 * made anew when too much of it is gone.
 */
import { indexTokens, queryTokens } from './tokens.ts';

export interface SearchEntry {
  readonly kind: 'product' | 'api' | 'operation';
  readonly id: string;
  readonly name: string;
  readonly summary?: string;
  readonly description?: string;
  /** Of operations. */
  readonly api?: string;
  readonly method?: string;
  readonly path?: string;
  /** Of APIs. */
  readonly version?: string;
  readonly lifecycle?: string;
}

export interface SearchAnswer {
  /** The best first. */
  readonly entries: readonly SearchEntry[];
  /** How many match. */
  readonly total: number;
}

/** Points for the beginning of a word; twice as many for the whole of it. */
const FIELDS = [
  ['id', 100],
  ['name', 40],
  ['summary', 20],
  ['path', 12],
  ['description', 4],
] as const;
const FIELD_BITS = 3;
const FIELD_MASK = (1 << FIELD_BITS) - 1;
const POINTS = FIELDS.map(([, points]) => points);
const WHOLE_POINTS = FIELDS.map(([, points]) => 2 * points);
const WHOLE_ID_POINTS = 10_000;
const KIND_RANK = { product: 0, api: 1, operation: 2 } as const;
const QUERY_TOKENS_MAX = 8;
/** Of one description. */
const TEXT_MAX_CHARACTERS = 2_000;
/** Words that are put into the sorted list one by one; more of them are sorted in. */
const INSERTED_MAX = 200;
const DEAD_MIN = 2_000;

interface Held extends SearchEntry {
  readonly lowerId: string;
}

export class SearchIndex {
  private entries: (Held | undefined)[] = [];
  private readonly places = new Map<string, number[]>();
  private words: string[] = [];
  private fresh: string[] = [];
  private dead = 0;

  /** The number by which it is taken out again. */
  add(entry: SearchEntry): number {
    const number = this.entries.length;
    this.entries.push({ ...entry, lowerId: entry.id.toLowerCase() });
    for (const [field, [name]] of FIELDS.entries()) {
      const text = entry[name];
      if (text === undefined) continue;
      const place = (number << FIELD_BITS) | field;
      for (const token of indexTokens(text.slice(0, TEXT_MAX_CHARACTERS))) this.put(token, place);
    }
    return number;
  }

  remove(number: number): void {
    if (this.entries[number] === undefined) return;
    this.entries[number] = undefined;
    this.dead += 1;
  }

  /** Whether so much was taken out that it should be made anew. */
  get isWorn(): boolean {
    return this.dead > DEAD_MIN && this.dead > this.entries.length / 2;
  }

  search(question: string, limit: number): SearchAnswer {
    const tokens = queryTokens(question, QUERY_TOKENS_MAX);
    if (tokens.length === 0) return { entries: [], total: 0 };
    this.sortWords();
    // Arrays as long as the index: maps of what matches cost five times as much.
    const scores = new Uint32Array(this.entries.length);
    const best = new Uint16Array(this.entries.length);
    for (const [position, token] of tokens.entries()) {
      best.fill(0);
      this.scoreToken(token, best);
      for (let number = 0; number < best.length; number++) {
        const isStillIn = position === 0 || scores[number]! > 0;
        scores[number] = isStillIn && best[number]! > 0 ? scores[number]! + best[number]! : 0;
      }
    }
    return this.best(scores, question.trim().toLowerCase(), limit);
  }

  private put(token: string, place: number): void {
    const places = this.places.get(token);
    if (places !== undefined) places.push(place);
    else {
      this.places.set(token, [place]);
      this.fresh.push(token);
    }
  }

  private sortWords(): void {
    const { fresh } = this;
    if (fresh.length === 0) return;
    this.fresh = [];
    if (fresh.length <= INSERTED_MAX) {
      for (const word of fresh) this.words.splice(this.firstFrom(word), 0, word);
      return;
    }
    this.words = this.words.concat(fresh).sort(byCodeUnit);
  }

  /** Where the first word stands that is not before this one. */
  private firstFrom(word: string): number {
    let low = 0;
    let high = this.words.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.words[middle]! < word) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** For each entry with a word that begins so, the points of the best of its fields. */
  private scoreToken(token: string, best: Uint16Array): void {
    for (let at = this.firstFrom(token); at < this.words.length; at++) {
      const word = this.words[at]!;
      if (!word.startsWith(token)) break;
      const points = word.length === token.length ? WHOLE_POINTS : POINTS;
      for (const place of this.places.get(word)!) {
        const number = place >> FIELD_BITS;
        const gained = points[place & FIELD_MASK]!;
        if (gained > best[number]!) best[number] = gained;
      }
    }
  }

  private best(scores: Uint32Array, question: string, limit: number): SearchAnswer {
    const top: Found[] = [];
    let total = 0;
    for (let number = 0; number < scores.length; number++) {
      const points = scores[number]!;
      const entry = this.entries[number];
      if (points === 0 || entry === undefined) continue;
      total += 1;
      const score = entry.lowerId === question ? points + WHOLE_ID_POINTS : points;
      if (top.length === limit && score < top[limit - 1]!.score) continue;
      insertFound(top, { entry, score }, limit);
    }
    return { entries: top.map(({ entry: { lowerId: _, ...entry } }) => entry), total };
  }
}

interface Found {
  readonly entry: Held;
  readonly score: number;
}

/** Keeps the best, in their order. */
function insertFound(top: Found[], found: Found, limit: number): void {
  if (top.length === limit && compareFound(found, top.at(-1)!) >= 0) return;
  let at = top.length;
  while (at > 0 && compareFound(found, top[at - 1]!) < 0) at -= 1;
  top.splice(at, 0, found);
  if (top.length > limit) top.pop();
}

function compareFound(a: Found, b: Found): number {
  return (
    b.score - a.score ||
    KIND_RANK[a.entry.kind] - KIND_RANK[b.entry.kind] ||
    byCodeUnit(a.entry.id, b.entry.id)
  );
}

function byCodeUnit(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
