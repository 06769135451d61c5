/** What is wrong with the signature of an answer; each code is stable. */
export const ANSWER_FAULTS = {
  'answer-unsigned': 'The answer carries no signature of the bank.',
  'answer-signature-malformed': 'The fields of the answer’s signature cannot be read.',
  'answer-coverage': 'The signature leaves out what it must cover.',
  'answer-other-request': 'The answer is to another request than the one that was sent.',
  'answer-expired': 'The signature was not made just now.',
  'answer-key-unknown': 'The bank publishes no key of that name.',
  'answer-keys-unavailable': 'The keys that the bank publishes cannot be read.',
  'answer-too-long': 'The answer is longer than may be gathered to be verified.',
  'answer-digest-mismatch': 'The body is not the one that was signed.',
  'answer-signature-invalid': 'The signature does not verify.',
} as const;

export type AnswerFault = keyof typeof ANSWER_FAULTS;

/** Nothing in such an answer is to be believed, its status included. */
export class AnswerSignatureError extends Error {
  override readonly name = 'AnswerSignatureError';
  readonly code: AnswerFault;

  constructor(code: AnswerFault, options?: ErrorOptions) {
    super(`${code}: ${ANSWER_FAULTS[code]}`, options);
    this.code = code;
  }
}
