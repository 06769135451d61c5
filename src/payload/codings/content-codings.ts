/**
 * Content codings (RFC 9110, section 8.4): gzip (RFC 1952), br (RFC 7932), zstd (RFC 8878).
 * `deflate` is left out, since some of its senders mean RFC 1951 by it and others RFC 1950.
 */
import {
  type BrotliOptions,
  brotliCompressSync,
  brotliDecompressSync,
  constants,
  gunzipSync,
  gzipSync,
  type ZlibOptions,
  type ZstdOptions,
  zstdCompressSync,
  zstdDecompressSync,
} from 'node:zlib';
import { PayloadFault } from '../payload-fault.ts';

export type ContentCoding = 'gzip' | 'br' | 'zstd';

export interface CodingLimits {
  /** Bytes after each coding is undone. */
  readonly bytesMax: number;
  /** Bytes that one coded byte may become, per coding. */
  readonly ratioMax: number;
}

/** 800 transfers of one kind came to a 27th at best; zeros come to a thousandth and far less. */
export const CODING_LIMITS: CodingLimits = { bytesMax: 1_048_576, ratioMax: 100 };
export const CODINGS_MAX = 2;

/** What is small may repeat itself as it likes: no harm comes of so many bytes. */
const RATIO_FREE_BYTES = 16_384;
/** RFC 9659: a receiver need not have more window than 8 MB. The library would take 128 MB. */
const ZSTD_WINDOW_LOG_MAX = 23;
/** Levels at which each of the three takes about as long as gzip's own default. */
const BROTLI_QUALITY = 4;
const ZSTD_LEVEL = 3;

type Options = ZlibOptions & BrotliOptions & ZstdOptions;
type Undo = (bytes: Uint8Array, options: Options) => unknown;

const UNDO: Readonly<Record<ContentCoding, Undo>> = {
  gzip: (bytes, options) => gunzipSync(bytes, options),
  br: (bytes, options) => brotliDecompressSync(bytes, options),
  zstd: (bytes, options) =>
    zstdDecompressSync(bytes, {
      ...options,
      params: { [constants.ZSTD_d_windowLogMax]: ZSTD_WINDOW_LOG_MAX },
    }),
};

/**
 * The codings that a Content-Encoding field names, in the order in which they were applied;
 * `identity` is none. Throws PayloadFault for one that is not served, and for more of them than
 * CODINGS_MAX.
 */
export function parseContentEncoding(field: string | undefined): ContentCoding[] {
  const names = (field ?? '').split(',', CODINGS_MAX + 2).map(name => name.trim().toLowerCase());
  const codings = names.filter(name => name !== '' && name !== 'identity').map(codingOf);
  // An empty or `identity` element counts too: a list of those alone is bounded like any other.
  if (codings.length > CODINGS_MAX || names.length > CODINGS_MAX + 1) {
    throw new PayloadFault('', `must have ${CODINGS_MAX} content codings at most`);
  }
  return codings;
}

function codingOf(name: string): ContentCoding {
  if (name === 'br' || name === 'zstd' || name === 'gzip') return name;
  // RFC 9110, section 8.4.1.3.
  if (name === 'x-gzip') return 'gzip';
  throw new PayloadFault('', 'must have a content coding of gzip, br and zstd');
}

/**
 * Undoes the codings, the last one first. Throws PayloadFault for what is cut off, damaged,
 * followed by anything (a second gzip member or zstd frame too), or larger than the limits: that is
 * known before more than `bytesMax` bytes are there.
 */
export function decodeContent(
  codings: readonly ContentCoding[],
  bytes: Uint8Array,
  limits: CodingLimits,
): Uint8Array {
  if (codings.length > CODINGS_MAX) {
    throw new PayloadFault('', `must have ${CODINGS_MAX} content codings at most`);
  }
  return codings.reduceRight((coded, coding) => undo(coding, coded, limits), bytes);
}

function undo(coding: ContentCoding, bytes: Uint8Array, limits: CodingLimits): Uint8Array {
  const byRatio = Math.max(RATIO_FREE_BYTES, bytes.length * limits.ratioMax);
  const maxOutputLength = Math.min(limits.bytesMax, byRatio);
  const options = { maxOutputLength, info: true, rejectGarbageAfterEnd: true };
  try {
    // With `info` it is this rather than the bytes, which the typings do not say.
    const { buffer, engine } = UNDO[coding](bytes, options) as {
      buffer: Uint8Array;
      engine: { bytesWritten: number };
    };
    // br and zstd end in silence where something follows.
    if (engine.bytesWritten === bytes.length) return buffer;
  } catch (error) {
    throw faultOf(coding, error as NodeJS.ErrnoException, limits);
  }
  throw new PayloadFault('', `must be one stream of ${coding} and nothing after it`);
}

function faultOf(coding: ContentCoding, error: NodeJS.ErrnoException, limits: CodingLimits): Error {
  const { bytesMax, ratioMax } = limits;
  switch (error.code) {
    case 'ERR_BUFFER_TOO_LARGE':
      return new PayloadFault(
        '',
        `must be ${bytesMax} bytes at most, and at most ${ratioMax} times its coded size`,
      );
    case 'ERR_TRAILING_JUNK_AFTER_STREAM_END':
      return new PayloadFault('', `must be one stream of ${coding} and nothing after it`);
    default:
      // What the libraries say of a stream has a number; anything else is a bug of ours.
      if (error.errno === undefined) return error;
      return new PayloadFault('', `must be one whole stream of ${coding}`);
  }
}

/** The same bytes for the same body. */
export function encodeContent(coding: ContentCoding, bytes: Uint8Array): Uint8Array {
  switch (coding) {
    case 'gzip':
      return gzipSync(bytes);
    case 'br':
      return brotliCompressSync(bytes, {
        params: {
          [constants.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY,
          [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
        },
      });
    case 'zstd':
      return zstdCompressSync(bytes, {
        params: { [constants.ZSTD_c_compressionLevel]: ZSTD_LEVEL },
      });
  }
}
