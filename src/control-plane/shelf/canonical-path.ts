/** Brings the path templates of documents into the one form that the router knows. */
import { checkTemplate } from '../registry/path-template.ts';

const PARAMETER = /^\{([^{}]+)\}$/;
const NAME_MAX_CHARACTERS = 64;
const TRIPLET = /%[0-9A-Fa-f]{2}/g;
/** What a segment may hold as it is. */
const LITERAL = /[A-Za-z0-9._~!$&'()*+,=:@-]/;
/** Left as they are, so that they are refused with a reason of their own. */
const TELLING = /[%;\\]/;
const REPEATED_ESCAPE = /%25/;

export type CanonicalPath = { readonly path: string } | { readonly wrong: string };

export function canonicalPath(template: string): CanonicalPath {
  if (template.includes('?')) return { wrong: 'has a query; describe it as parameters' };
  if (template.includes('#')) return { wrong: 'has a fragment, which no request carries' };
  const path = template.split('/').map(canonicalSegment).join('/');
  const wrong = checkTemplate(path);
  return wrong === undefined ? { path } : { wrong };
}

/** What a template matches: its parameters without their names. */
export function shapeOf(path: string): string {
  return path.replace(/\{[^{}]*\}/g, '{}');
}

function canonicalSegment(segment: string): string {
  const name = PARAMETER.exec(segment)?.[1];
  if (name !== undefined) return `{${canonicalName(name)}}`;
  if (/[{}]/.test(segment) || REPEATED_ESCAPE.test(segment)) return segment;
  return [...segment.replace(TRIPLET, canonicalTriplet)].map(canonicalCharacter).join('');
}

/** Names of parameters reach nobody but people: the router goes by their place. */
function canonicalName(name: string): string {
  const plain = name.replace(/[^A-Za-z0-9_-]/g, '_').slice(0, NAME_MAX_CHARACTERS);
  return /^[A-Za-z_]/.test(plain) ? plain : `_${plain}`.slice(0, NAME_MAX_CHARACTERS);
}

function canonicalTriplet(triplet: string): string {
  const character = String.fromCharCode(Number.parseInt(triplet.slice(1), 16));
  return LITERAL.test(character) ? character : triplet.toUpperCase();
}

function canonicalCharacter(character: string): string {
  if (LITERAL.test(character) || TELLING.test(character)) return character;
  if (character < ' ' || !character.isWellFormed()) return character;
  return encodeURIComponent(character);
}
