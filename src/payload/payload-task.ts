/** What the program of an operation is asked for, as one line a term: most are of one letter. */
import type { DataClass } from '../core/data-classes.ts';
import type { ContentCoding } from './codings/content-codings.ts';

/** What partners may send and get; the bank's side is the registry's to say. */
export type PartnerFormat = 'json' | 'msgpack';

export interface RequestTask {
  readonly format: PartnerFormat;
  /** In the order in which they were applied. */
  readonly codings: readonly ContentCoding[];
  /** Of the body without them. */
  readonly bytesMax: number;
}

export interface AnswerTask extends RequestTask {
  /** `format` is that of the answer to the partner, `codings` those of the bank's. */
  readonly shown: DataClass;
  /** The Accept-Encoding field; '' where there is none. */
  readonly acceptEncoding: string;
  /** Id of the partner whose key encrypts it; '' for nobody in particular. */
  readonly partner: string;
}

export function requestTask({ format, codings, bytesMax }: RequestTask): string {
  return `request\n${format}\n${codings.join()}\n${bytesMax}`;
}

export function answerTask(task: AnswerTask): string {
  const { format, codings, bytesMax, shown, acceptEncoding, partner } = task;
  const common = `${format}\n${codings.join()}\n${bytesMax}`;
  return `answer\n${common}\n${shown}\n${acceptEncoding}\n${partner}`;
}

export type PayloadTask =
  | ({ readonly direction: 'request' } & RequestTask)
  | ({ readonly direction: 'answer' } & AnswerTask);

export function readTask(text: string): PayloadTask {
  const [direction, format, codings = '', bytesMax, ...answer] = text.split('\n');
  const common = {
    format: format as PartnerFormat,
    codings: (codings === '' ? [] : codings.split(',')) as ContentCoding[],
    bytesMax: Number(bytesMax),
  };
  if (direction === 'request') return { direction, ...common };
  const [shown, acceptEncoding = '', partner = ''] = answer;
  return { direction: 'answer', ...common, shown: shown as DataClass, acceptEncoding, partner };
}
