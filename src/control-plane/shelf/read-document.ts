/** Reads the text of an OpenAPI document: JSON or YAML, 3.0 or 3.1, nothing but itself. */
import type { JsonObject, JsonValue } from '../../stores/registry-contract.ts';
import { ConfigError } from '../config/config-error.ts';
import { optionPath } from '../config/schema-check.ts';
import { YamlSource } from '../config/yaml-source.ts';
import { walkDocument } from './document-shape.ts';
import { inspectJson, jsonLinesOf } from './json-lines.ts';
import { isObject } from './json-object.ts';
import { type JsonPath, toPointer } from './pointers.ts';

export const DOCUMENT_MAX_BYTES = 16_777_216;
/** Objects and lists within each other; whoever reads on may then recurse. */
const DEPTH_MAX = 256;
const REMOTE_REFERENCES_MAX = 20;
const YAML_RETRY_MAX_CHARACTERS = 262_144;

/** What is wrong, where, and what to change. */
export interface Issue {
  readonly code: string;
  /** RFC 6901, into the document. */
  readonly pointer: string;
  /** 0 where the whole document is meant. */
  readonly line: number;
  /** A verb phrase. */
  readonly message: string;
}

/** An issue whose line is not looked up yet. */
export interface PlacedIssue {
  readonly code: string;
  readonly path: JsonPath;
  readonly message: string;
}

export interface ReadDocument {
  readonly value: JsonObject;
  /** The same as JSON text. */
  readonly text: string;
  /** Looks up the lines of all of them at once. */
  locate(issues: readonly PlacedIssue[]): Issue[];
}

type Outcome = { readonly document: ReadDocument } | { readonly issues: readonly Issue[] };

/** A document, or why it cannot be read as one. */
export function readDocument(given: string): Outcome {
  if (Buffer.byteLength(given) > DOCUMENT_MAX_BYTES) return tooLarge();
  const text = given.startsWith('\ufeff') ? given.slice(1) : given;
  if (text.trim() === '') return whole('document-empty', 'is empty');
  const read = /^\s*\{/.test(text) ? readJson(text) : readYaml(text);
  if ('issues' in read) return read;
  const issues = [...versionIssues(read.document.value), ...remoteReferences(read.document.value)];
  return issues.length === 0 ? read : { issues: read.document.locate(issues) };
}

function whole(code: string, message: string, line = 0): { readonly issues: readonly Issue[] } {
  return { issues: [{ code, pointer: '', line, message }] };
}

function tooLarge() {
  return whole('document-too-large', `has more than ${DOCUMENT_MAX_BYTES} bytes; split it`);
}

function readJson(text: string): Outcome {
  let value: JsonValue;
  try {
    value = JSON.parse(text) as JsonValue;
  } catch (error) {
    // The parser does not always say where; the other one does, at a hundred times the cost.
    const at = / at position (\d+)/.exec((error as SyntaxError).message)?.[1];
    if (at === undefined && text.length <= YAML_RETRY_MAX_CHARACTERS) return readYaml(text);
    const line = at === undefined ? 0 : text.slice(0, Number(at)).split('\n').length;
    return whole('document-syntax', 'is not valid JSON', line);
  }
  const { duplicates, depthMax } = inspectJson(text);
  if (depthMax > DEPTH_MAX) return tooDeep();
  if (duplicates.length > 0) {
    const message = 'stands here for the second time; only one of them would be read';
    return {
      issues: duplicates.map(({ path, line }) => {
        return { code: 'document-syntax', pointer: toPointer(path), line, message };
      }),
    };
  }
  const locate = (issues: readonly PlacedIssue[]) => {
    const lines =
      issues.length === 0
        ? []
        : jsonLinesOf(
            text,
            issues.map(({ path }) => path),
          );
    return place(issues, index => lines[index]!);
  };
  return asDocument(value, locate);
}

function readYaml(text: string): Outcome {
  let source: YamlSource;
  let value: JsonValue;
  try {
    source = YamlSource.parse('document', text);
    // Aliases become copies here, and a value that contains itself is found out.
    const copied = JSON.stringify(source.value ?? null);
    if (copied.length > DOCUMENT_MAX_BYTES) return tooLarge();
    value = JSON.parse(copied) as JsonValue;
    if (inspectJson(copied).depthMax > DEPTH_MAX) return tooDeep();
  } catch (error) {
    if (error instanceof ConfigError) {
      return {
        issues: error.problems.map(({ line, message }) => {
          return { code: 'document-syntax', pointer: '', line, message };
        }),
      };
    }
    // The parser, or the writer, went too deep; or an anchor is part of itself.
    if (error instanceof RangeError || error instanceof TypeError) return tooDeep();
    throw error;
  }
  return asDocument(value, issues => {
    // Whoever found it may have called the places of a list by their digits.
    const lineOf = ({ path }: PlacedIssue) => source.lineOf(optionPath(toPointer(path), value));
    return place(issues, index => lineOf(issues[index]!));
  });
}

function tooDeep() {
  return whole('document-too-deep', `nests more than ${DEPTH_MAX} levels, or contains itself`);
}

function place(issues: readonly PlacedIssue[], lineOf: (index: number) => number): Issue[] {
  return issues.map(({ code, path, message }, index) => {
    return { code, pointer: toPointer(path), line: lineOf(index), message };
  });
}

function asDocument(value: JsonValue, locate: ReadDocument['locate']): Outcome {
  if (!isObject(value)) return whole('document-syntax', 'is not an object', 1);
  return { document: { value, text: JSON.stringify(value), locate } };
}

function versionIssues(document: JsonObject): PlacedIssue[] {
  const refuse = (path: JsonPath, message: string) => [{ code: 'openapi-version', path, message }];
  if ('swagger' in document) {
    return refuse(['swagger'], 'is Swagger 2.0; convert the document to OpenAPI 3.1 first');
  }
  const { openapi } = document;
  if (typeof openapi !== 'string')
    return refuse([], 'has no "openapi"; it must say 3.0.x or 3.1.x');
  if (/^3\.[01]\.\d+(-|$)/.test(openapi)) return [];
  return refuse(['openapi'], 'must be a version 3.0.x or 3.1.x');
}

/** What stands elsewhere is not fetched: the file would change behind the back of the review. */
function remoteReferences(document: JsonObject): PlacedIssue[] {
  const issues: PlacedIssue[] = [];
  walkDocument(document, ({ $ref: reference }, _place, path) => {
    if (typeof reference !== 'string' || reference.startsWith('#')) return;
    if (issues.length >= REMOTE_REFERENCES_MAX) return;
    const message = `names ${JSON.stringify(reference.slice(0, 200))}; bundle it into the document`;
    issues.push({ code: 'reference-remote', path: [...path, '$ref'], message });
  });
  return issues;
}
