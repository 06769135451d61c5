/** Signs answers by RFC 9421: the digest of the body (RFC 9530) and the signature over it. */
import { createPrivateKey, hash, type KeyObject, sign } from 'node:crypto';
import { ANSWER_LABEL } from '../core/answer-signing.ts';
import { SIGNING_METHODS } from '../core/signing-key.ts';
import type { SignatureAlgorithm } from '../core/snapshot.ts';
import type { Converted, Program } from './program.ts';

export interface AnswerSignatureSource {
  readonly kind: 'answer-signature';
  readonly keyId: string;
  readonly algorithm: SignatureAlgorithm;
  /** PKCS #8, PEM. */
  readonly privateKey: string;
}

/** What an answer's signature covers beside its body; each line of the program's task is one. */
export interface AnswerTerms {
  /** Seconds since the epoch. */
  readonly created: number;
  readonly status: number;
  /** '' where the answer has none. */
  readonly contentType: string;
  readonly requestId: string;
  readonly method: string;
  readonly targetUri: string;
  /** Label of the request's signature, and its value as it stands there; '' where there is none. */
  readonly requestLabel: string;
  readonly requestSignature: string;
}

/** The task of the program: lines in the order of the terms. */
export function answerTask(terms: AnswerTerms): string {
  const { created, status, contentType, requestId, method, targetUri } = terms;
  const { requestLabel, requestSignature } = terms;
  return (
    `${created}\n${status}\n${contentType}\n${requestId}\n${method}\n${targetUri}\n` +
    `${requestLabel}\n${requestSignature}`
  );
}

/**
 * Its fields are the values of Content-Digest, Signature-Input and Signature; its bytes the body,
 * which may have moved to the worker.
 */
export function compileAnswerSignature(source: AnswerSignatureSource): Program {
  const { keyId, algorithm } = source;
  const key = createPrivateKey(source.privateKey);
  return {
    run(task, body): Converted {
      const digest = `sha-256=:${hash('sha256', body, 'base64')}:`;
      const { lines, input } = coveredBy(task, digest, `keyid="${keyId}";alg="${algorithm}"`);
      const base = `${lines}"@signature-params": ${input}`;
      const signature = signatureOf(algorithm, key, Buffer.from(base, 'latin1'));
      return {
        fields: [
          digest,
          `${ANSWER_LABEL}=${input}`,
          `${ANSWER_LABEL}=:${signature.toString('base64')}:`,
        ],
        bytes: body,
      };
    },
  };
}

/** Section 2.5: the lines of the covered components, and the parameters that list them. */
function coveredBy(
  task: string,
  digest: string,
  key: string,
): { readonly lines: string; readonly input: string } {
  const [created, status, contentType, requestId, method, targetUri, label, signature] =
    task.split('\n');
  let lines = `"@status": ${status}\n"content-digest": ${digest}\n`;
  let components = '"@status" "content-digest"';
  if (contentType !== '') {
    lines += `"content-type": ${contentType}\n`;
    components += ' "content-type"';
  }
  lines += `"x-request-id": ${requestId}\n`;
  lines += `"@method";req: ${method}\n"@target-uri";req: ${targetUri}\n`;
  components += ' "x-request-id" "@method";req "@target-uri";req';
  if (label !== '') {
    // Section 2.4: which request this answers, beyond doubt.
    lines += `"signature";req;key="${label}": ${signature}\n`;
    components += ` "signature";req;key="${label}"`;
  }
  return { lines, input: `(${components});created=${created};${key}` };
}

function signatureOf(algorithm: SignatureAlgorithm, key: KeyObject, base: Buffer): Buffer {
  const { hash: hashName, options } = SIGNING_METHODS[algorithm];
  return sign(hashName, base, { ...options, key });
}
