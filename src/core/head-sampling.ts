import type { TracingConfig } from './config-tracing.ts';

const FLAGS_AT = 53;
const SPAN_ID_AT = 36;
const SPAN_ID_CHARS = 16;
const CODE_OF_9 = 0x39;
/** Behind every digit: no span id reaches it. */
const NEVER = 'g';

/**
 * Which calls are sampled before anything is known of them, so that the upstream is told. It is
 * drawn with the span id, which is ours and random: with the trace id the caller could choose.
 */
export class HeadSampling {
  private readonly followsCaller: boolean;
  /** Span ids from here on are drawn. */
  private readonly drawnFrom: string;

  constructor({ sampleRatio, followCaller }: Pick<TracingConfig, 'sampleRatio' | 'followCaller'>) {
    this.followsCaller = followCaller;
    this.drawnFrom = firstDrawn(sampleRatio);
  }

  /** Whether 16 lower-case hexadecimal digits of `text` from `at` on are a drawn span id. */
  draws(text: string, at = 0): boolean {
    const { drawnFrom } = this;
    // Most are decided by the first digit; a slice to compare would be garbage for each call.
    for (let i = 0; i < drawnFrom.length; i += 1) {
      const difference = text.charCodeAt(at + i) - drawnFrom.charCodeAt(i);
      if (difference !== 0) return difference > 0;
    }
    return true;
  }

  /** Of the `traceparent` that a call is sent on with. */
  takes(traceparent: string): boolean {
    if (this.followsCaller && isFlagged(traceparent)) return true;
    return this.draws(traceparent, SPAN_ID_AT);
  }
}

/**
 * `sampled` (W3C Trace Context section 3.2.2.5.1), the low bit of the last digit. The codes of 0 to
 * 9 are odd with their digits, those of a to f are not.
 */
function isFlagged(traceparent: string): boolean {
  const code = traceparent.charCodeAt(FLAGS_AT + 1);
  return ((code & 1) === 1) === code <= CODE_OF_9;
}

/** Undefined where nothing is traced. */
export function headSampling(config: TracingConfig): HeadSampling | undefined {
  return config.endpoint === undefined ? undefined : new HeadSampling(config);
}

function firstDrawn(ratio: number): string {
  // Of less than 1 in 2^53 the difference is 1 again, whose digits no span id has.
  if (1 - ratio === 1) return NEVER;
  const first = BigInt(Math.floor((1 - ratio) * 2 ** (SPAN_ID_CHARS * 4)));
  return first.toString(16).padStart(SPAN_ID_CHARS, '0');
}
