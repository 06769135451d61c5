/** Reads `registry.yaml` and the files that it names into records as they are given. */
import { dirname, resolve } from 'node:path';
import type { JsonObject } from '../../stores/registry-contract.ts';
import { displayName, ProblemList } from '../config/config-error.ts';
import { readOperatorFile, SMALL_FILE_MAX_BYTES } from '../config/operator-file.ts';
import { createSchemaCheck, optionPath, type SchemaCheck } from '../config/schema-check.ts';
import { formatPath, type OptionPath, type OptionSource } from '../config/yaml-source.ts';
import type { RegistryLists } from './desk-contract.ts';
import { type RegistryFileContent, RegistryFileSchema } from './file-schema.ts';
import { idOf, RECORD_KINDS, type RecordKind } from './kinds.ts';
import { loadOpenApi, placeInDocument } from './load-openapi.ts';
import { readRegistrySource } from './registry-source.ts';

export interface FilePlace {
  /** As the operator would name it: the registry, or a document that it names. */
  readonly file: string;
  /** From 1; 0 where the file has no lines to speak of. */
  readonly line: number;
  readonly path: string;
}

export interface RegistryFile {
  readonly lists: RegistryLists;
  /** Where that part of a record (RFC 6901) was read from; without a record, the file. */
  placeOf(kind: RecordKind | undefined, id: string | undefined, pointer: string): FilePlace;
}

/** What a file may say in place of a member of a record, by kind: paths of names. */
const FILES: readonly {
  readonly kind: 'key' | 'upstream';
  readonly section: readonly string[];
  readonly member: string;
  readonly option: string;
}[] = [
  { kind: 'key', section: [], member: 'publicKey', option: 'publicKeyFile' },
  { kind: 'key', section: [], member: 'secret', option: 'secretFile' },
  { kind: 'upstream', section: ['tls'], member: 'ca', option: 'caFile' },
  { kind: 'upstream', section: ['tls'], member: 'cert', option: 'certFile' },
  { kind: 'upstream', section: ['tls'], member: 'key', option: 'keyFile' },
];

/** Compiled when a file is first read. */
let checkSchema: SchemaCheck<RegistryFileContent> | undefined;

/**
 * Relative paths in the file start at its folder. Blocks while it reads: call it on the main
 * thread only.
 *
 * @throws ConfigError with everything that keeps it from being lists of records, each id once: what
 *   the schema sees, or else every id that is taken and every file that is not as it should be
 */
export function readRegistryFile(path: string): RegistryFile {
  checkSchema ??= createSchemaCheck(RegistryFileSchema);
  const file = resolve(path);
  const source = readRegistrySource(file);
  const problems = new ProblemList();
  const content = checkSchema(source, problems);
  problems.throwIfAny();
  const read = new ReadRegistry(source, dirname(file), content!);
  read.resolveFiles(problems);
  problems.throwIfAny();
  return read;
}

/** A place in the document that an API's operations were read from. */
interface DocumentPlaces {
  readonly file: string;
  readonly places: readonly OptionPath[];
}

class ReadRegistry implements RegistryFile {
  readonly lists: RegistryLists;
  private readonly source: OptionSource;
  private readonly folder: string;
  private readonly indexes = new Map<RecordKind, Map<string, number>>();
  private readonly documents = new Map<number, DocumentPlaces>();
  /** Pointers to what a file was read into, by the record's index; `key/7/publicKey`. */
  private readonly filed = new Map<string, string>();

  constructor(source: OptionSource, folder: string, content: RegistryFileContent) {
    this.source = source;
    this.folder = folder;
    // The schema has seen that they are lists of objects; what only a file can say goes next.
    this.lists = content as unknown as RegistryLists;
  }

  placeOf(kind: RecordKind | undefined, id: string | undefined, pointer: string): FilePlace {
    const { file } = this.source;
    const index = kind && id !== undefined ? this.indexes.get(kind)?.get(id) : undefined;
    if (kind === undefined || index === undefined) return { file, line: 0, path: '' };
    const document = kind === 'api' ? this.documents.get(index) : undefined;
    const [, position, member] = /^\/operations\/(\d+)(?:\/([^/]+))?/.exec(pointer) ?? [];
    if (document !== undefined && position !== undefined) {
      return placeInDocument(document.file, document.places[Number(position)]!, member);
    }
    const option = this.filed.get(`${kind}/${index}${pointer}`);
    const { list } = RECORD_KINDS.find(entry => entry.kind === kind)!;
    const at = optionPath(option ?? pointer, this.lists[list]![index]);
    const problem = this.source.problem([list, index, ...at], '');
    return { file, line: problem.line, path: problem.path };
  }

  /** Finds ids that are taken, and puts what other files hold into the records. */
  resolveFiles(problems: ProblemList): void {
    for (const { kind, list } of RECORD_KINDS) this.indexIds(kind, list, problems);
    for (const { kind, section, member, option } of FILES) {
      const list = kind === 'key' ? 'keys' : 'upstreams';
      for (const [index, record] of this.lists[list]!.entries()) {
        const holder = section.reduce<JsonObject | undefined>(
          (at, name) => at?.[name] as JsonObject | undefined,
          record,
        );
        if (holder?.[option] === undefined) continue;
        const at = [list, index, ...section];
        this.readInto(holder, member, option, at, problems);
        const pointer = ['', ...section].join('/');
        this.filed.set(`${kind}/${index}${pointer}/${member}`, `${pointer}/${option}`);
      }
    }
    for (const [index, api] of this.lists.apis!.entries()) this.readDocument(api, index, problems);
  }

  private indexIds(
    kind: RecordKind,
    list: (typeof RECORD_KINDS)[number]['list'],
    problems: ProblemList,
  ): void {
    const firsts = new Map<string, number>();
    for (const [index, record] of this.lists[list]!.entries()) {
      const id = idOf(kind, record);
      const first = firsts.get(id);
      if (first === undefined) {
        firsts.set(id, index);
        continue;
      }
      const { line } = this.source.problem([list, first], '');
      const place = line === 0 ? formatPath([list, first]) : `line ${line}`;
      const isPair = kind === 'subscription';
      const at = isPair ? [list, index] : [list, index, 'id'];
      const message = isPair
        ? `subscribes ${record.app} to ${record.product} again, after ${place}`
        : `${id} is taken by ${place}`;
      problems.add(this.source.problem(at, message));
    }
    this.indexes.set(kind, firsts);
  }

  private readInto(
    holder: JsonObject,
    member: string,
    option: string,
    at: OptionPath,
    problems: ProblemList,
  ): void {
    const target = holder as Record<string, string>;
    const file = resolve(this.folder, target[option]!);
    delete target[option];
    if (target[member] !== undefined) {
      problems.add(this.source.problem(at, `must have either ${member} or ${option}`));
      return;
    }
    const { bytes, reason } = readOperatorFile(file, SMALL_FILE_MAX_BYTES);
    if (bytes !== undefined) {
      const text = bytes.toString('utf8');
      // Editors end a line that the secret does not have.
      target[member] = member === 'secret' ? text.trim() : text;
      return;
    }
    const message = `names ${displayName(file)}, which ${reason}`;
    problems.add(this.source.problem([...at, option], message));
  }

  private readDocument(api: JsonObject, index: number, problems: ProblemList): void {
    const target = api as { openapi?: string; operations?: unknown };
    const { openapi } = target;
    const at = ['apis', index];
    if ((target.operations === undefined) === (openapi === undefined)) {
      problems.add(this.source.problem(at, 'must have either operations or openapi'));
    }
    if (openapi === undefined || target.operations !== undefined) return;
    delete target.openapi;
    const file = resolve(this.folder, openapi);
    const read = loadOpenApi(file, problems, message =>
      problems.add(this.source.problem([...at, 'openapi'], message)),
    );
    target.operations = read.operations;
    this.documents.set(index, { file, places: read.places });
    this.filed.set(`api/${index}/operations`, '/openapi');
  }
}
