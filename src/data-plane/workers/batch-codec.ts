/**
 * A batch of jobs as one ArrayBuffer that is moved to a worker and moved back with the results. An
 * item is a check as below, or a conversion (conversion-codec.ts).
 *
 *     word 0    items, with the highest bit where conversions are among them
 *     word 1    cell of the progress array that the worker writes
 *     word 2    what that cell holds before the first item
 *     results   per item: outcome (word), service time in microseconds (float word)
 *     items     per item, aligned to 4 bytes:
 *               key index, base length, signature length, body length (words)
 *               digests, and 8 bits up the form in which the body is signed (word)
 *               new key index only: serial low, serial high, algorithm, material length (words)
 *               per digest: algorithm, length (words)
 *               bytes of material (new key only), signature, expected digests, base, body, and
 *               what is signed behind the body
 *
 * Words are 32 bits in the host's byte order: both ends are threads of one process. The results lie
 * at a fixed place so that the front reads them without parsing an item again.
 */
import {
  BODY_FORMS,
  type BodyDigest,
  CHECK_OUTCOMES,
  type Check,
  type CheckOutcome,
} from '../../core/check.ts';
import type { ConversionOutcome } from '../../core/conversion.ts';
import { SIGNATURE_ALGORITHMS, type SignatureAlgorithm } from '../../core/snapshot.ts';
import {
  type ConversionItem,
  conversionBytes,
  NO_KEY,
  type Output,
  OutputReader,
  readConversion,
  writeConversion,
} from './conversion-codec.ts';
import { isConversion, type Job } from './job.ts';
import { signedText, tailBytes, writeTail } from './signed-text.ts';

const HEADER_WORDS = 3;
const RESULT_WORDS = 2;
const ITEM_WORDS = 5;
const KEY_WORDS = 4;
const DIGEST_WORDS = 2;
const WORD_BYTES = 4;
const FORM_SHIFT = 8;
const DIGESTS_MASK = 0xff;
const MIXED = 0x8000_0000;
const FAILED = CHECK_OUTCOMES.indexOf('failed');
/** Results of conversions; any other number, FAILED among them, is a failure. */
const CONVERSION_OUTCOMES: readonly ConversionOutcome[] = ['converted', 'refused'];
const LOW_WORD = 0x1_0000_0000;
const DIGEST_ALGORITHMS: readonly BodyDigest['algorithm'][] = ['sha-256', 'sha-512'];
export const BATCH_HEADER_BYTES = HEADER_WORDS * WORD_BYTES;

/** Whether a batch has conversions. */
export function isMixed(buffer: ArrayBuffer): boolean {
  return new Uint32Array(buffer, 0, 1)[0]! >= MIXED;
}

/** Where the outputs of conversions begin that come back in the batch's own buffer. */
export function outputsStart(items: number): number {
  return (HEADER_WORDS + items * RESULT_WORDS) * WORD_BYTES;
}

/** Upper bound of the bytes that `job` takes in a batch, its key and its result included. */
export function encodedBytes(job: Job): number {
  return isConversion(job) ? RESULT_WORDS * WORD_BYTES + conversionBytes(job) : checkBytes(job);
}

function checkBytes(check: Check): number {
  const { digests } = check;
  let bytes =
    (RESULT_WORDS + ITEM_WORDS + KEY_WORDS + 1) * WORD_BYTES +
    check.entry.key.material.length +
    check.base.length +
    check.signature.length +
    check.body.length +
    tailBytes(check.bodyForm);
  for (let i = 0; i < digests.length; i++) {
    bytes += DIGEST_WORDS * WORD_BYTES + digests[i]!.expected.length;
  }
  return bytes;
}

/** Writes batches. One per front thread: it keeps a map that is cleared for every batch. */
export class BatchEncoder {
  private readonly keyIndexes = new Map<number, number>();

  /**
   * Writes `jobs` to `buffer`, which holds a header and the sum of their `encodedBytes`. What does
   * not go into it is added to `attachments`, which are there where conversions are among the jobs.
   */
  encode(
    jobs: readonly Job[],
    progressCell: number,
    progressStart: number,
    buffer: ArrayBuffer,
    attachments?: ArrayBuffer[],
  ): void {
    const words = new Uint32Array(buffer, 0, buffer.byteLength >>> 2);
    const bytes = Buffer.from(buffer);
    this.keyIndexes.clear();
    words[0] = jobs.length;
    if (attachments !== undefined) words[0] += MIXED;
    words[1] = progressCell;
    words[2] = progressStart;
    let cursor = HEADER_WORDS + jobs.length * RESULT_WORDS;
    // Fail closed: a result that nobody wrote is not whatever the buffer held before.
    words.fill(FAILED, HEADER_WORDS, cursor);
    for (let i = 0; i < jobs.length; i++) {
      const job = jobs[i]!;
      cursor = isConversion(job)
        ? writeConversion(job, words, bytes, cursor, attachments!)
        : this.item(job, words, bytes, cursor);
    }
  }

  /** Returns the word after the item. */
  private item(check: Check, words: Uint32Array, bytes: Buffer, start: number): number {
    const { entry, base, bodyForm, signature, body, digests } = check;
    let keyIndex = this.keyIndexes.get(entry.serial);
    const isNewKey = keyIndex === undefined;
    if (keyIndex === undefined) {
      keyIndex = this.keyIndexes.size;
      this.keyIndexes.set(entry.serial, keyIndex);
    }
    words[start] = keyIndex;
    words[start + 1] = base.length;
    words[start + 2] = signature.length;
    words[start + 3] = body.length;
    words[start + 4] = digests.length | (BODY_FORMS.indexOf(bodyForm) << FORM_SHIFT);
    let word = start + ITEM_WORDS;
    const { material } = entry.key;
    if (isNewKey) {
      words[word] = entry.serial % LOW_WORD;
      words[word + 1] = Math.floor(entry.serial / LOW_WORD);
      words[word + 2] = SIGNATURE_ALGORITHMS.indexOf(entry.key.algorithm);
      words[word + 3] = material.length;
      word += KEY_WORDS;
    }
    for (let i = 0; i < digests.length; i++) {
      const digest = digests[i]!;
      words[word] = DIGEST_ALGORITHMS.indexOf(digest.algorithm);
      words[word + 1] = digest.expected.length;
      word += DIGEST_WORDS;
    }
    let offset = word * WORD_BYTES;
    if (isNewKey) {
      bytes.set(material, offset);
      offset += material.length;
    }
    bytes.set(signature, offset);
    offset += signature.length;
    for (let i = 0; i < digests.length; i++) {
      bytes.set(digests[i]!.expected, offset);
      offset += digests[i]!.expected.length;
    }
    // The base is ASCII by contract: latin1 writes it in 50 ns where utf8 takes 230 (600 bytes).
    offset += bytes.write(base, offset, 'latin1');
    if (body.length > 0) bytes.set(body, offset);
    offset = writeTail(bodyForm, bytes, offset + body.length);
    return (offset + WORD_BYTES - 1) >>> 2;
  }
}

/** What a worker finds for one key of a batch. */
interface BatchKey {
  readonly serial: number;
  readonly algorithm: SignatureAlgorithm;
  readonly material: Uint8Array;
}

/** Reads a batch in a worker, item after item, and writes the results in front of them. */
export class BatchReader {
  readonly items: number;
  readonly progressCell: number;
  /** What the cell holds before the first item. */
  readonly progressStart: number;
  /** Set where the item that `next` moved to is a conversion; what follows is of a check. */
  conversion: ConversionItem | undefined = undefined;
  /** The item that `next` moved to; the views end with the batch. */
  key!: BatchKey;
  signed!: Uint8Array;
  signature!: Uint8Array;
  body!: Uint8Array;
  digests!: readonly BodyDigest[];
  private readonly words: Uint32Array;
  private readonly floats: Float32Array;
  private readonly bytes: Uint8Array;
  private readonly attachments: readonly ArrayBuffer[];
  private readonly keys: BatchKey[] = [];
  private cursor: number;

  constructor(buffer: ArrayBuffer, attachments: readonly ArrayBuffer[] = []) {
    this.attachments = attachments;
    this.words = new Uint32Array(buffer, 0, buffer.byteLength >>> 2);
    this.floats = new Float32Array(buffer, 0, buffer.byteLength >>> 2);
    this.bytes = new Uint8Array(buffer);
    this.items = this.words[0]! % MIXED;
    this.progressCell = this.words[1]!;
    this.progressStart = this.words[2]! | 0;
    this.cursor = HEADER_WORDS + this.items * RESULT_WORDS;
  }

  /** Moves to the next item; called `items` times. */
  next(): void {
    const { words } = this;
    const start = this.cursor;
    const keyIndex = words[start]!;
    if (keyIndex === NO_KEY) return this.nextConversion(start);
    this.conversion = undefined;
    const digestCount = words[start + 4]! & DIGESTS_MASK;
    const form = BODY_FORMS[words[start + 4]! >>> FORM_SHIFT]!;
    const isNewKey = keyIndex === this.keys.length;
    const digestWord = start + ITEM_WORDS + (isNewKey ? KEY_WORDS : 0);
    let offset = (digestWord + digestCount * DIGEST_WORDS) * WORD_BYTES;
    if (isNewKey) offset = this.readKey(start + ITEM_WORDS, offset);
    this.key = this.keys[keyIndex]!;
    this.signature = this.bytes.subarray(offset, offset + words[start + 2]!);
    offset += this.signature.length;
    const digests: BodyDigest[] = [];
    for (let i = 0; i < digestCount; i++) {
      const word = digestWord + i * DIGEST_WORDS;
      const expected = this.bytes.subarray(offset, offset + words[word + 1]!);
      digests.push({ algorithm: DIGEST_ALGORITHMS[words[word]!]!, expected });
      offset += expected.length;
    }
    this.digests = digests;
    const baseLength = words[start + 1]!;
    const bodyLength = words[start + 3]!;
    this.signed = signedText(this.bytes, offset, baseLength, bodyLength, form);
    offset += baseLength;
    this.body = this.bytes.subarray(offset, offset + bodyLength);
    this.cursor = (offset + bodyLength + tailBytes(form) + WORD_BYTES - 1) >>> 2;
  }

  writeResult(item: number, outcome: CheckOutcome, serviceMicros: number): void {
    this.put(item, CHECK_OUTCOMES.indexOf(outcome), serviceMicros);
  }

  writeConverted(item: number, outcome: ConversionOutcome, serviceMicros: number): void {
    const place = CONVERSION_OUTCOMES.indexOf(outcome);
    this.put(item, place < 0 ? FAILED : place, serviceMicros);
  }

  private put(item: number, outcome: number, serviceMicros: number): void {
    const word = HEADER_WORDS + item * RESULT_WORDS;
    this.words[word] = outcome;
    this.floats[word + 1] = serviceMicros;
  }

  private nextConversion(start: number): void {
    this.conversion = readConversion(this.words, this.bytes, start, this.attachments);
    this.cursor = this.conversion.end;
  }

  /** Reads the key at `word`, its bytes at `offset`; returns the offset after them. */
  private readKey(word: number, offset: number): number {
    const { words } = this;
    const end = offset + words[word + 3]!;
    this.keys.push({
      serial: words[word]! + words[word + 1]! * LOW_WORD,
      algorithm: SIGNATURE_ALGORITHMS[words[word + 2]!]!,
      material: this.bytes.subarray(offset, end),
    });
    return end;
  }
}

/** Reads the results of a batch that came back. */
export class BatchResults {
  private readonly words: Uint32Array;
  private readonly floats: Float32Array;
  private readonly outputs: OutputReader | undefined;

  /** `outputs` where the batch's own buffer was too small for them. */
  constructor(buffer: ArrayBuffer, items: number, outputs?: ArrayBuffer) {
    if (outputs !== undefined) this.outputs = new OutputReader(outputs, 0, false);
    else if (isMixed(buffer)) this.outputs = new OutputReader(buffer, outputsStart(items), true);
    this.words = new Uint32Array(buffer, BATCH_HEADER_BYTES, items * RESULT_WORDS);
    this.floats = new Float32Array(buffer, BATCH_HEADER_BYTES, items * RESULT_WORDS);
  }

  outcome(item: number): CheckOutcome {
    return CHECK_OUTCOMES[this.words[item * RESULT_WORDS]!] ?? 'failed';
  }

  /** What came of the next conversion of the batch; ask for each, in their order. */
  nextOutput(): Output {
    return this.outputs!.next();
  }

  converted(item: number): ConversionOutcome {
    return CONVERSION_OUTCOMES[this.words[item * RESULT_WORDS]!] ?? 'failed';
  }

  serviceMicros(item: number): number {
    return this.floats[item * RESULT_WORDS + 1]!;
  }
}
