const CR = 13;
const LF = 10;

const SIZE = 0;
const DATA = 1;
const DATA_END = 2;
const TRAILER = 3;
const SIZE_LINE_MAX = 256;
const TRAILER_MAX = 16_384;

/** Finds the end of a chunked body (RFC 9112 section 7.1); keeps its data where that is wanted. */
export class ChunkedBody {
  /** Bytes of data so far, and the data as latin1 up to `keptMax` of them. */
  dataBytes = 0;
  data = '';
  private readonly keptMax: number;
  private state = SIZE;
  private line = '';
  private left = 0;
  private trailerBytes = 0;

  constructor(keptMax = 0) {
    this.keptMax = keptMax;
  }

  /**
   * Takes bytes from `start` to `end`. Returns where the body ended, -1 while it goes on, -2 where
   * it is not chunked coding.
   */
  read(bytes: Buffer, start: number, end: number): number {
    let at = start;
    while (at < end) {
      if (this.state === DATA) {
        const step = Math.min(this.left, end - at);
        this.left -= step;
        this.dataBytes += step;
        if (this.data.length < this.keptMax) this.data += bytes.toString('latin1', at, at + step);
        at += step;
        if (this.left === 0) this.state = DATA_END;
        continue;
      }
      const line = this.takeLine(bytes[at]!);
      at += 1;
      if (this.line.length > SIZE_LINE_MAX || this.trailerBytes > TRAILER_MAX) return -2;
      if (line === undefined) continue;
      const outcome = this.endLine(line);
      if (outcome === 'broken') return -2;
      if (outcome === 'end') return at;
    }
    return -1;
  }

  /** The line without its end when this byte ends it. */
  private takeLine(byte: number): string | undefined {
    if (this.state === TRAILER) this.trailerBytes += 1;
    if (byte !== LF) {
      this.line += String.fromCharCode(byte);
      return undefined;
    }
    const { line } = this;
    this.line = '';
    return line.charCodeAt(line.length - 1) === CR ? line.slice(0, -1) : '\r';
  }

  private endLine(line: string): 'more' | 'end' | 'broken' {
    if (this.state === TRAILER) return line === '' ? 'end' : line === '\r' ? 'broken' : 'more';
    if (this.state === DATA_END) {
      this.state = SIZE;
      return line === '' ? 'more' : 'broken';
    }
    const size = /^([0-9a-fA-F]{1,12})(;[^\r]*)?$/.exec(line);
    if (size === null) return 'broken';
    this.left = Number.parseInt(size[1]!, 16);
    this.state = this.left === 0 ? TRAILER : DATA;
    return 'more';
  }
}
