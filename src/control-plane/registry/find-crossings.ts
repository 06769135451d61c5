/**
 * Finds, for a template, another one that it crosses: some paths match both, and each has a static
 * segment where the other has a parameter.
 *
 * Templates of one length are columns of sets, one for each text and one for the parameters of each
 * segment. A template is held against those that share its rarest text where they are few, which
 * is the rule: a base path belongs to one API. Else the sets are bits, and it is held against 32
 * others at a time. Walking a tree of templates instead visits every static sibling below every
 * parameter: 10,000 templates built for it took 14 s of CPU, here 0.3 s.
 */
import { isParameter } from './path-template.ts';
import { PositionSet, wordsFor } from './position-set.ts';

/** How many words of bits cost as much to combine as one pair of templates to compare. */
const WORDS_PER_PAIR = 4;

export class TemplateColumns<T extends { readonly segments: readonly string[] }> {
  /** By position; undefined where it is free. */
  private readonly templates: (T | undefined)[] = [];
  private readonly free: number[] = [];
  private readonly positions = new Map<T, number>();
  private readonly columns: Column[];
  private capacityWords = 1;
  private overlapping = new Uint32Array(1);
  private matching = new Uint32Array(1);

  constructor(segmentCount: number) {
    this.columns = Array.from({ length: segmentCount }, () => new Column());
  }

  get size(): number {
    return this.positions.size;
  }

  add(template: T): void {
    const position = this.free.pop() ?? this.templates.length;
    this.templates[position] = template;
    this.positions.set(template, position);
    if (wordsFor(this.templates.length) > this.capacityWords) this.grow();
    for (const [index, text] of template.segments.entries()) {
      this.columns[index]!.add(text, position, this.capacityWords);
    }
  }

  delete(template: T): void {
    const position = this.positions.get(template)!;
    this.positions.delete(template);
    this.templates[position] = undefined;
    this.free.push(position);
    for (const [index, text] of template.segments.entries()) {
      this.columns[index]!.delete(text, position);
    }
  }

  /** One of the templates that cross these segments. */
  findCrossing(segments: readonly string[]): T | undefined {
    if (!segments.some(isParameter)) return undefined;
    const words = wordsFor(this.templates.length);
    const rarest = this.rarestColumn(segments);
    if (rarest === undefined) return undefined;
    const { parameters, statics } = rarest.column;
    const texts = statics.get(rarest.text);
    const listedTexts = texts === undefined ? [] : texts.list;
    const isCheap = rarest.size <= (words * segments.length) / WORDS_PER_PAIR + WORDS_PER_PAIR;
    if (isCheap && listedTexts !== undefined && parameters.list !== undefined) {
      return this.crossingOf(segments, [...listedTexts, ...parameters.list]);
    }
    return this.crossingInBits(segments, words);
  }

  /** The static text that the fewest templates can match at its segment. */
  private rarestColumn(segments: readonly string[]) {
    let rarest: { column: Column; text: string; size: number } | undefined;
    for (const [index, text] of segments.entries()) {
      if (isParameter(text)) continue;
      const column = this.columns[index]!;
      const size = column.parameters.size + (column.statics.get(text)?.size ?? 0);
      if (rarest === undefined || size < rarest.size) rarest = { column, text, size };
    }
    return rarest;
  }

  private crossingOf(segments: readonly string[], positions: readonly number[]): T | undefined {
    let first: number | undefined;
    for (const position of positions) {
      if (first !== undefined && position > first) continue;
      if (areCrossing(segments, this.templates[position]!.segments)) first = position;
    }
    return first === undefined ? undefined : this.templates[first];
  }

  private crossingInBits(segments: readonly string[], words: number): T | undefined {
    const { overlapping, matching } = this;
    overlapping.fill(0xffffffff, 0, words);
    for (const [index, text] of segments.entries()) {
      if (isParameter(text)) continue;
      const { parameters, statics } = this.columns[index]!;
      matching.fill(0, 0, words);
      parameters.addTo(matching, words);
      statics.get(text)?.addTo(matching, words);
      for (let word = 0; word < words; word++) overlapping[word]! &= matching[word]!;
    }
    for (let word = 0; word < words; word++) {
      const crossing = this.crossingBits(segments, word);
      if (crossing !== 0) {
        return this.templates[word * 32 + 31 - Math.clz32(crossing & -crossing)];
      }
    }
    return undefined;
  }

  /**
   * Of 32 templates that overlap these segments, those that are both more and less specific. Free
   * positions overlap nothing, as there is at least one static text.
   */
  private crossingBits(segments: readonly string[], word: number): number {
    const overlapping = this.overlapping[word]!;
    if (overlapping === 0) return 0;
    let more = 0;
    let less = 0;
    for (let index = 0; index < segments.length; index++) {
      const parameters = this.columns[index]!.parameters.wordAt(word);
      if (isParameter(segments[index]!)) more |= ~parameters;
      else less |= parameters;
    }
    return overlapping & more & less;
  }

  private grow(): void {
    this.capacityWords *= 2;
    this.overlapping = new Uint32Array(this.capacityWords);
    this.matching = new Uint32Array(this.capacityWords);
  }
}

/** The templates by what they have at one segment. */
class Column {
  readonly parameters = new PositionSet();
  readonly statics = new Map<string, PositionSet>();

  add(text: string, position: number, words: number): void {
    if (isParameter(text)) {
      this.parameters.add(position, words);
      return;
    }
    let holders = this.statics.get(text);
    if (holders === undefined) {
      holders = new PositionSet();
      this.statics.set(text, holders);
    }
    holders.add(position, words);
  }

  delete(text: string, position: number): void {
    if (isParameter(text)) {
      this.parameters.delete(position);
      return;
    }
    const holders = this.statics.get(text)!;
    holders.delete(position);
    if (holders.size === 0) this.statics.delete(text);
  }
}

function areCrossing(one: readonly string[], other: readonly string[]): boolean {
  let isMore = false;
  let isLess = false;
  for (let index = 0; index < one.length; index++) {
    const isParameterHere = isParameter(one[index]!);
    const isParameterThere = isParameter(other[index]!);
    if (isParameterHere && !isParameterThere) isLess = true;
    else if (!isParameterHere && isParameterThere) isMore = true;
    else if (!isParameterHere && one[index] !== other[index]) return false;
  }
  return isMore && isLess;
}
