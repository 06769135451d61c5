/** A running bank whose every answer is checked against the OpenAPI documents. */
import type { ValidateFunction } from 'ajv';
import {
  DEMO_APIS,
  type DemoApi,
  readApiDocument,
  SchemaCompiler,
} from '../../../src/demo/bank/api-document.ts';
import {
  createDemoBank,
  type DemoBank,
  type DemoBankOptions,
} from '../../../src/demo/bank/index.ts';

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: the shape was checked against its schema.
  readonly body: any;
}

interface Operation {
  readonly api: DemoApi;
  readonly method: string;
  readonly path: RegExp;
  readonly pointer: string;
  readonly responses: Readonly<Record<string, { $ref?: string; content?: object }>>;
}

function escapePointer(text: string): string {
  return text.replaceAll('~', '~0').replaceAll('/', '~1');
}

interface Document {
  readonly servers: readonly { readonly url: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Omit<Operation, 'api'>>>>>;
}

function listOperations(): Operation[] {
  const found: Operation[] = [];
  for (const api of DEMO_APIS) {
    const document = readApiDocument(api) as unknown as Document;
    for (const [template, item] of Object.entries(document.paths)) {
      for (const method of ['get', 'post']) {
        const operation = item[method];
        if (operation === undefined) continue;
        found.push({
          api,
          method: method.toUpperCase(),
          path: new RegExp(`^${document.servers[0]!.url}${template.replace(/\{\w+\}/g, '[^/]+')}$`),
          pointer: `/paths/${escapePointer(template)}/${method}/responses`,
          responses: operation.responses,
        });
      }
    }
  }
  return found;
}

export class CheckedBank {
  readonly bank: DemoBank;
  private readonly operations = listOperations();
  private readonly schemas = new SchemaCompiler();
  private readonly compiled = new Map<string, ValidateFunction>();

  private constructor(bank: DemoBank) {
    this.bank = bank;
  }

  static async start(options: DemoBankOptions = {}): Promise<CheckedBank> {
    return new CheckedBank(await createDemoBank(options));
  }

  url(path: string): string {
    return `http://127.0.0.1:${this.bank.port}${path}`;
  }

  /** @throws Error where the answer is not what the document promises */
  async call(
    method: string,
    path: string,
    body?: unknown,
    partner = 'nebula-pay',
  ): Promise<Answer> {
    const headers: Record<string, string> = { 'x-xingyun-partner': partner };
    const init: RequestInit = { method, headers };
    if (body !== undefined) {
      headers['content-type'] = 'application/json';
      init.body = JSON.stringify(body);
    }
    const response = await fetch(this.url(path), init);
    const parsed = await response.json();
    this.check(method, path.split('?')[0]!, response, parsed);
    return { status: response.status, headers: response.headers, body: parsed };
  }

  private check(method: string, path: string, response: Response, body: unknown): void {
    const operation = this.operations.find(
      candidate => candidate.method === method && candidate.path.test(path),
    );
    const media = response.headers.get('content-type')!.split(';')[0]!;
    if (operation === undefined) throw new Error(`no operation ${method} ${path}`);
    const key = String(response.status) in operation.responses ? `${response.status}` : 'default';
    const reference = operation.responses[key]!.$ref;
    const pointer = reference?.slice(1) ?? `${operation.pointer}/${key}`;
    const validate = this.validator(operation.api, `${pointer}/content/${escapePointer(media)}`);
    if (!validate(body)) {
      throw new Error(`${method} ${path} ${key}: ${JSON.stringify(validate.errors)}`);
    }
  }

  private validator(api: DemoApi, mediaPointer: string): ValidateFunction {
    const pointer = `${mediaPointer}/schema`;
    const known = this.compiled.get(api + pointer) ?? this.schemas.compile(api, pointer);
    this.compiled.set(api + pointer, known);
    return known;
  }
}
