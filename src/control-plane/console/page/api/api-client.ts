/** Requests to the admin listener that served the page, and to nobody else. */

/** What the listener refused (RFC 9457), or that it could not be reached. */
export class ApiRefusal extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, detail: string) {
    super(detail);
    this.status = status;
    this.code = code;
  }
}

export const UNREACHABLE = 'unreachable';
/** What stands between answered with something else than the gateway's JSON. */
const UNREADABLE = 'unreadable-answer';

/** Longer than any answer may wait for the fronts. */
const ANSWER_TIMEOUT_MS = 30_000;

export interface Answer<T> {
  readonly value: T;
  readonly etag: string | null;
}

export interface CallOptions {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export class ApiClient {
  private readonly onUnauthorized: (path: string) => void;

  /** @param onUnauthorized told of each path whose answer was that nobody is signed in */
  constructor(onUnauthorized: (path: string) => void) {
    this.onUnauthorized = onUnauthorized;
  }

  async get<T>(path: string): Promise<T> {
    return (await this.call<T>('GET', path)).value;
  }

  async send<T>(method: string, path: string, body?: unknown): Promise<T> {
    return (await this.call<T>(method, path, { body })).value;
  }

  /** @throws ApiRefusal */
  async call<T>(method: string, path: string, options: CallOptions = {}): Promise<Answer<T>> {
    const { body } = options;
    const headers: Record<string, string> = { accept: 'application/json', ...options.headers };
    // A form of another site cannot send it: what changes something asks for it.
    if (method !== 'GET') headers['x-xingyun-console'] = '1';
    if (body !== undefined) headers['content-type'] ??= 'application/json';
    const response = await reach(path, {
      ...{ method, headers, credentials: 'same-origin', cache: 'no-store' },
      ...{ signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw await this.refusal(path, response);
    const value = readValue(response.status, await response.text()) as T;
    return { value, etag: response.headers.get('etag') };
  }

  private async refusal(path: string, response: Response): Promise<ApiRefusal> {
    if (response.status === 401) this.onUnauthorized(path);
    const text = await response.text();
    const { code, detail, title } = problemIn(text);
    return new ApiRefusal(
      response.status,
      code ?? `http-${response.status}`,
      detail ?? title ?? `HTTP ${response.status}`,
    );
  }
}

async function reach(path: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(path, init);
  } catch (error) {
    throw new ApiRefusal(0, UNREACHABLE, (error as Error).message);
  }
}

function readValue(status: number, text: string): unknown {
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new ApiRefusal(status, UNREADABLE, (error as Error).message);
  }
}

function problemIn(text: string): { code?: string; detail?: string; title?: string } {
  try {
    return JSON.parse(text) as object;
  } catch {
    // What stands between may answer with a page of its own: the status says enough.
    return {};
  }
}
