/** What a partner's engineer imports: a signing fetch, sessions, errors by their codes. */

export { loadSigningKey, type PrivateKeyInput } from '../core/signing-key.ts';
export {
  ANSWER_FAULTS,
  type AnswerFault,
  AnswerSignatureError,
} from './answers/answer-error.ts';
export { type CallIdentity, type CallSigner, createCallSigner } from './call-signer.ts';
export { type CurlRequest, curlCommand } from './curl-command.ts';
export {
  type AnswerVerification,
  createPartnerClient,
  type PartnerClient,
  type PartnerClientOptions,
  type RequestOptions,
} from './partner-client.ts';
export {
  type ProblemDocument,
  ProblemError,
  type ProblemPlace,
  readProblem,
} from './problem-error.ts';
export {
  contentDigest,
  createRequestSigner,
  type RequestSigner,
  type SigningIdentity,
  signRequest,
} from './request-signer.ts';
export { NOT_EXECUTED, RETRY_DEFAULTS, type RetryOptions } from './retry.ts';
export type { SignedFields } from './schemes/scheme.ts';
export { type ConnectOptions, connect } from './session/connect.ts';
export * from './session/index.ts';
export type { TlsOptions } from './session/node-socket.ts';
export type { MessageSigner, SignableRequest, SignatureHeaders } from './signature-base.ts';

export {
  type AccessToken,
  createTokenSource,
  TokenError,
  type TokenSource,
  type TokenSourceOptions,
} from './token-source.ts';
