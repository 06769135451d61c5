/** What front threads are told of the keys that sign answers. */
export interface AnswerSigning {
  /** Source of the program that signs with the key in use (src/payload/answer-signature.ts). */
  readonly programSource: string;
  /** The JWK Set (RFC 7517 section 5) of all that are published, as its bytes are served. */
  readonly jwks: string;
}

/** Where the JWK Set is, on the partners' listener (RFC 8615). */
export const ANSWER_KEYS_PATH = '/.well-known/xingyun-answer-keys';
/** Of our signature among those that an answer carries. */
export const ANSWER_LABEL = 'xingyun-answer';
