import { type Problem, problem } from '../../../core/problems.ts';
import { STRUCTURED_FIELD_TYPES } from '../structured-fields/known-fields.ts';
import { serializeMember } from '../structured-fields/serialize-field.ts';
import { BareItem, type FieldType, Member, NO_PARAMETERS } from '../structured-fields/values.ts';

/** Where a covered component's value comes from (RFC 9421 sections 2.1 and 2.2). */
export type ComponentKind =
  | 'field'
  | 'field-strict'
  | 'field-member'
  | 'field-bytes'
  | 'method'
  | 'target-uri'
  | 'authority'
  | 'scheme'
  | 'request-target'
  | 'path'
  | 'query'
  | 'query-param';

const DERIVED: ReadonlyMap<string, ComponentKind> = new Map([
  ['@method', 'method'],
  ['@target-uri', 'target-uri'],
  ['@authority', 'authority'],
  ['@scheme', 'scheme'],
  ['@request-target', 'request-target'],
  ['@path', 'path'],
  ['@query', 'query'],
  ['@query-param', 'query-param'],
]);

export class Component {
  readonly kind: ComponentKind;
  /** What stands before the value in the signature base: the identifier, a colon and a space. */
  readonly prefix: string;
  /** The field's name, or the derived component's. */
  readonly name: string;
  /** The `key` of a dictionary member or the `name` of a query parameter; else ''. */
  readonly member: string;
  /** The field's type, for `field-strict`. */
  readonly fieldType: FieldType | undefined;

  constructor(
    kind: ComponentKind,
    prefix: string,
    name: string,
    member: string,
    fieldType: FieldType | undefined,
  ) {
    this.kind = kind;
    this.prefix = prefix;
    this.name = name;
    this.member = member;
    this.fieldType = fieldType;
  }
}

/** Bits of `ComponentList.coverage`: the components for which the gateway has a rule. */
export const COVERS = {
  method: 1,
  targetUri: 2,
  authority: 4,
  path: 8,
  query: 16,
  /** The whole Content-Digest field as it is. */
  contentDigest: 32,
  /** Any part or form of Content-Digest. */
  contentDigestPart: 64,
} as const;

const COVERAGE: ReadonlyMap<string, number> = new Map([
  ['@method', COVERS.method],
  ['@target-uri', COVERS.targetUri],
  ['@authority', COVERS.authority],
  ['@path', COVERS.path],
  ['@query', COVERS.query],
]);

/** The covered components of a signature, checked and ready to be looked up. Immutable. */
export class ComponentList {
  /** Strict serialisation of the inner list, parameters of the signature not included. */
  readonly text: string;
  readonly components: readonly Component[];
  readonly coverage: number;

  constructor(text: string, components: readonly Component[], coverage: number) {
    this.text = text;
    this.components = components;
    this.coverage = coverage;
  }
}

/** Compiles a parsed inner list, or says what in it cannot be part of a request's signature. */
export function compileComponentList(
  items: readonly Member[],
  componentsMax: number,
): ComponentList | Problem {
  if (items.length > componentsMax) {
    return malformed(`A signature may cover at most ${componentsMax} components.`);
  }
  const components: Component[] = [];
  const seen = new Set<string>();
  let coverage = 0;
  for (const item of items) {
    const component = compileComponent(item);
    if (!(component instanceof Component)) return component;
    const identity = [component.name, component.kind, component.member].join(' ');
    if (seen.has(identity)) return malformed(`${component.name} is covered twice.`);
    seen.add(identity);
    components.push(component);
    coverage |= coverageOf(component);
  }
  return new ComponentList(serializeMember(new Member(items, NO_PARAMETERS)), components, coverage);
}

function coverageOf(component: Component): number {
  if (component.name !== 'content-digest') return COVERAGE.get(component.name) ?? 0;
  return component.kind === 'field'
    ? COVERS.contentDigest | COVERS.contentDigestPart
    : COVERS.contentDigestPart;
}

function compileComponent(item: Member): Component | Problem {
  const name = item.value;
  if (!(name instanceof BareItem) || name.type !== 'string') {
    return malformed('A covered component is not a string.');
  }
  const text = name.value as string;
  if (text.startsWith('@')) return compileDerived(text, item);
  // The length keeps a detail that names the field short.
  if (!/^[!#$%&'*+\-.^_`|~0-9a-z]{1,128}$/.test(text)) {
    return malformed('A covered field is not a field name in lower case.');
  }
  return compileField(text, item);
}

function compileDerived(name: string, item: Member): Component | Problem {
  const kind = DERIVED.get(name);
  if (kind === undefined) {
    return malformed('A derived component is unknown or not part of a request.');
  }
  let member = '';
  for (const [key, value] of item.parameters) {
    if (kind !== 'query-param' || key !== 'name' || value.type !== 'string') {
      return malformed(`${name} does not take this parameter in a request.`);
    }
    member = value.value as string;
  }
  if (kind === 'query-param' && item.parameters.size === 0) {
    return malformed('@query-param needs a name.');
  }
  return new Component(kind, `${serializeMember(item)}: `, name, member, undefined);
}

/** RFC 9421 section 2.1: `sf` and `key` ask for the strict form, `bs` for the bytes. */
function compileField(name: string, item: Member): Component | Problem {
  let kind: ComponentKind = 'field';
  let member = '';
  for (const [key, value] of item.parameters) {
    if (key === 'key' && value.type === 'string') {
      member = value.value as string;
      if (kind === 'field-bytes') return malformed('bs goes neither with sf nor with key.');
      kind = 'field-member';
    } else if ((key === 'sf' || key === 'bs') && value.type === 'boolean' && value.value === true) {
      const asked = key === 'bs' ? 'field-bytes' : 'field-strict';
      if (kind !== 'field' && (asked === 'field-bytes' || kind === 'field-bytes')) {
        return malformed('bs goes neither with sf nor with key.');
      }
      // A member is serialised strictly anyway (section 2.1.2), so sf beside key adds nothing.
      if (kind === 'field') kind = asked;
    } else if (key === 'tr') {
      return malformed('Trailers cannot be covered.');
    } else {
      return malformed('A covered field has a parameter that a request does not take.');
    }
  }
  const fieldType = STRUCTURED_FIELD_TYPES.get(name);
  if (kind === 'field-strict' && fieldType === undefined) {
    return malformed(`${name} is not known to be a structured field.`);
  }
  return new Component(kind, `${serializeMember(item)}: `, name, member, fieldType);
}

function malformed(detail: string): Problem {
  return problem('signature-malformed', detail);
}
