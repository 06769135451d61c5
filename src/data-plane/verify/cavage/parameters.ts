import { type Problem, problem } from '../../../core/problems.ts';

/** Parameters that count, by their names in lower case. */
export interface Parameters {
  readonly keyid?: string;
  readonly algorithm?: string;
  readonly headers?: string;
  readonly signature?: string;
  /** Digits. */
  readonly created?: string;
  readonly expires?: string;
}

type Name = keyof Parameters;

const STRINGS: readonly string[] = ['keyid', 'algorithm', 'headers', 'signature'] satisfies Name[];
const INTEGERS: readonly string[] = ['created', 'expires'] satisfies Name[];

const NAME = /([!#$%&'*+.^`|~\w-]{1,64})/.source;
const VALUE = /(?:"((?:[^"\\]|\\.)*)"|([^\s",;=\\]+))/.source;
/** One auth-param of a list (RFC 9110 sections 5.6.1 and 11.2) with the comma behind it. */
const PARAMETER = new RegExp(`[ \\t]*${NAME}[ \\t]*=[ \\t]*${VALUE}[ \\t]*(?:,|$)`, 'y');
/** What is looked up or signed needs no escapes. */
const PLAIN = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/;
/** One way to write each number, and exact in milliseconds. */
const SECONDS = /^(?:0|[1-9]\d{0,11})$/;

/**
 * The parameters of a signature (draft-cavage-http-signatures-12 section 2.1). Others are ignored
 * (section 2.2), and so would the draft do with those that are ill-formed. Here these are refused:
 * an `expires` that nobody reads would let a signature live longer than its signer meant.
 */
export function readParameters(text: string): Parameters | Problem {
  const values: { [name in Name]?: string } = {};
  let at = 0;
  for (;;) {
    PARAMETER.lastIndex = at;
    const match = PARAMETER.exec(text);
    if (match === null) return malformed('The signature is not a list of name="value".');
    // Names have no case (RFC 9110 section 11.2): else two readers could take two values.
    const name = match[1]!.toLowerCase();
    if (isKnown(name)) {
      if (values[name] !== undefined) return malformed(`The signature has ${name} more than once.`);
      const value = STRINGS.includes(name) ? match[2] : match[3];
      const unfit = refuseForm(name, value);
      if (unfit !== undefined) return unfit;
      values[name] = value!;
    }
    at = PARAMETER.lastIndex;
    if (!match[0].endsWith(',')) return values;
  }
}

function isKnown(name: string): name is Name {
  return STRINGS.includes(name) || INTEGERS.includes(name);
}

function refuseForm(name: Name, value: string | undefined): Problem | undefined {
  if (STRINGS.includes(name)) {
    if (value !== undefined && PLAIN.test(value)) return undefined;
    return malformed(`${name} is not a string in quotes, of visible ASCII without escapes.`);
  }
  if (value !== undefined && SECONDS.test(value)) return undefined;
  return malformed(`${name} is not a whole number of seconds since 1970 without quotes.`);
}

function malformed(detail: string): Problem {
  return problem('signature-malformed', detail);
}
