import { compileAnswerSignature } from './answer-signature.ts';
import type { PayloadKeys } from './encryption/payload-keys.ts';
import { compilePayloadProgram } from './payload-program.ts';
import type { Program } from './program.ts';

/** By the `kind` of their source. */
const COMPILERS = {
  payload: compilePayloadProgram,
  'answer-signature': compileAnswerSignature,
} as const;

/**
 * Compiles the source of a program, JSON with a `kind`.
 * @throws Error where nobody could have made such a source
 */
export function compileProgram(text: string, keys: PayloadKeys): Program {
  const source = JSON.parse(text) as { readonly kind: keyof typeof COMPILERS };
  const compile = COMPILERS[source.kind];
  if (compile === undefined) throw new Error(`there is no program of the kind ${source.kind}`);
  return compile(source as never, keys);
}
