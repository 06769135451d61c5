/** A list of names with weights, as Accept and Accept-Encoding are: RFC 9110, section 12.4.2. */
export interface Weighted {
  /** In lower case; its parameters are left out. */
  readonly name: string;
  /** From 0, which refuses it, to 1. */
  readonly weight: number;
}

/** Browsers send nine at most; whoever sends more is read this far. */
const ELEMENTS_MAX = 32;
const WEIGHT = /^\s*q\s*=\s*(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)\s*$/i;
const ANY_WEIGHT = /^\s*q\s*=/i;

/** An element whose weight is none is left out, as if it had not been sent. */
export function parseWeighted(field: string): Weighted[] {
  const list: Weighted[] = [];
  for (const element of field.split(',', ELEMENTS_MAX)) {
    const [name = '', ...parameters] = element.split(';');
    const weight = weightIn(parameters);
    if (name.trim() === '' || weight === undefined) continue;
    list.push({ name: name.trim().toLowerCase(), weight });
  }
  return list;
}

function weightIn(parameters: readonly string[]): number | undefined {
  const parameter = parameters.find(text => ANY_WEIGHT.test(text));
  if (parameter === undefined) return 1;
  const weight = WEIGHT.exec(parameter)?.[1];
  return weight === undefined ? undefined : Number(weight);
}
