/**
 * A conversion as an item of a batch (batch-codec.ts), and what comes back for it.
 *
 *     item      NO_KEY, serial low, serial high, task length, input length (words)
 *               attachment that the input is, from 1, or 0 where its bytes follow (word)
 *               bytes of the task, and of an input that is not attached
 *     outputs   per conversion of the batch, in its order, aligned to 4 bytes:
 *               fields length, output length (words), bytes of the fields and of the output
 *
 * Short outputs come back in the batch's own buffer, in the place of its items; others in one that
 * the worker makes. A field may hold anything but a line feed.
 */
import type { Conversion } from '../../core/conversion.ts';

/** In the place of an item's key index. */
export const NO_KEY = 0xffff_ffff;
/**
 * A longer input moves to the worker in a buffer of its own. Copying as much takes about as long as
 * moving it: 3 µs.
 */
export const COPIED_MAX_BYTES = 32_768;

/** Longer outputs keep the buffer that they came in; shorter ones are copied out of the batch's. */
const OUTPUT_COPIED_MAX_BYTES = 4_096;

const ITEM_WORDS = 6;
const OUTPUT_WORDS = 2;
const WORD_BYTES = 4;
const LOW_WORD = 0x1_0000_0000;
const FIELD_END = '\n';

const wordsOf = (bytes: number) => (bytes + WORD_BYTES - 1) >>> 2;

/** Whether its bytes can leave: a small Buffer shares its memory with others. */
export function isAttached({ input }: Conversion): boolean {
  return input.length > COPIED_MAX_BYTES && input.byteLength === input.buffer.byteLength;
}

/** Bytes that the item takes, without its result. */
export function conversionBytes(conversion: Conversion): number {
  const { task, input } = conversion;
  const copied = isAttached(conversion) ? 0 : input.length;
  return (ITEM_WORDS + 1) * WORD_BYTES + task.length + copied;
}

/** Writes the item at the word `start`; returns the word after it. */
export function writeConversion(
  conversion: Conversion,
  words: Uint32Array,
  bytes: Buffer,
  start: number,
  attachments: ArrayBuffer[],
): number {
  const { program, task, input } = conversion;
  const attached = isAttached(conversion);
  words[start] = NO_KEY;
  words[start + 1] = program.serial % LOW_WORD;
  words[start + 2] = Math.floor(program.serial / LOW_WORD);
  words[start + 3] = task.length;
  words[start + 4] = input.length;
  words[start + 5] = attached ? attachments.push(input.buffer as ArrayBuffer) : 0;
  let offset = (start + ITEM_WORDS) * WORD_BYTES;
  offset += bytes.write(task, offset, 'latin1');
  if (!attached) {
    bytes.set(input, offset);
    offset += input.length;
  }
  return wordsOf(offset);
}

/** What a worker finds; the input ends with the batch. */
export interface ConversionItem {
  readonly serial: number;
  readonly task: string;
  readonly input: Uint8Array;
  /** The word after the item. */
  readonly end: number;
}

export function readConversion(
  words: Uint32Array,
  bytes: Uint8Array,
  start: number,
  attachments: readonly ArrayBuffer[],
): ConversionItem {
  const serial = words[start + 1]! + words[start + 2]! * LOW_WORD;
  const taskStart = (start + ITEM_WORDS) * WORD_BYTES;
  const inputStart = taskStart + words[start + 3]!;
  const task = Buffer.from(bytes.buffer, taskStart, words[start + 3]!).toString('latin1');
  const attachment = words[start + 5]!;
  if (attachment > 0) {
    const input = new Uint8Array(attachments[attachment - 1]!);
    return { serial, task, input, end: wordsOf(inputStart) };
  }
  const inputEnd = inputStart + words[start + 4]!;
  return { serial, task, input: bytes.subarray(inputStart, inputEnd), end: wordsOf(inputEnd) };
}

/** What came of one conversion. */
export interface Output {
  readonly fields: readonly string[];
  readonly bytes: Uint8Array;
}

/**
 * Writes all outputs of a batch into `room` from `start` on, once nobody reads its items any more.
 * Returns a buffer of their own where they are too long for that.
 */
export function writeOutputs(
  outputs: readonly Output[],
  room: ArrayBuffer,
  start: number,
): ArrayBuffer | undefined {
  const texts = outputs.map(({ fields }) => Buffer.from(fields.join(FIELD_END)));
  let total = 0;
  let longest = 0;
  for (const [i, text] of texts.entries()) {
    const { length } = outputs[i]!.bytes;
    longest = Math.max(longest, length);
    total += (OUTPUT_WORDS + wordsOf(text.length + length)) * WORD_BYTES;
  }
  const fits = longest <= OUTPUT_COPIED_MAX_BYTES && start + total <= room.byteLength;
  const own = fits ? undefined : new ArrayBuffer(total);
  fill(outputs, texts, own ?? room, own === undefined ? start : 0);
  return own;
}

function fill(
  outputs: readonly Output[],
  texts: readonly Uint8Array[],
  buffer: ArrayBuffer,
  start: number,
): void {
  const words = new Uint32Array(buffer, 0, buffer.byteLength >>> 2);
  const bytes = new Uint8Array(buffer);
  let word = wordsOf(start);
  for (const [i, text] of texts.entries()) {
    const output = outputs[i]!.bytes;
    words[word] = text.length;
    words[word + 1] = output.length;
    const offset = (word + OUTPUT_WORDS) * WORD_BYTES;
    bytes.set(text, offset);
    bytes.set(output, offset + text.length);
    word = wordsOf(offset + text.length + output.length);
  }
}

const NO_FIELDS: readonly string[] = [];

/** Reads outputs one after another, in the order of the conversions in the batch. */
export class OutputReader {
  private readonly words: Uint32Array;
  private readonly bytes: Buffer;
  private readonly copies: boolean;
  private word: number;

  /** `isShared` where the buffer is used again: what is read is copied out of it. */
  constructor(buffer: ArrayBuffer, start: number, isShared: boolean) {
    this.words = new Uint32Array(buffer, 0, buffer.byteLength >>> 2);
    this.bytes = Buffer.from(buffer);
    this.copies = isShared;
    this.word = wordsOf(start);
  }

  /** The next one; its bytes stay valid. */
  next(): Output {
    const start = (this.word + OUTPUT_WORDS) * WORD_BYTES;
    const outputStart = start + this.words[this.word]!;
    const end = outputStart + this.words[this.word + 1]!;
    this.word = wordsOf(end);
    const fields =
      outputStart === start
        ? NO_FIELDS
        : this.bytes.toString('utf8', start, outputStart).split(FIELD_END);
    const output = this.bytes.subarray(outputStart, end);
    return { fields, bytes: this.copies ? Buffer.from(output) : output };
  }
}
