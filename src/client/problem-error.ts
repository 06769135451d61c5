/** Refusals as errors that a partner's code can tell apart by their code. */

/** An RFC 9457 document as far as it could be read; every member may be missing. */
export interface ProblemDocument {
  readonly type: string | undefined;
  readonly title: string | undefined;
  readonly detail: string | undefined;
  readonly code: string | undefined;
  readonly requestId: string | undefined;
  /** Places of the body that are wrong (RFC 9457 section 3); undefined where it names none. */
  readonly errors?: readonly ProblemPlace[] | undefined;
}

export interface ProblemPlace {
  /** JSON Pointer as a fragment: `#/amount`. */
  readonly pointer: string;
  readonly detail: string;
}

/** Problem documents beyond this are not read: ours are a few hundred bytes. */
export const PROBLEM_MAX_BYTES = 65_536;

/** What a refusal tells, whichever way it came. */
export interface Refusal {
  /** The problem's name in docs/problems.md, or `http-<status>` where the answer carries none. */
  readonly code: string;
  readonly status: number;
  readonly title?: string | undefined;
  readonly detail?: string | undefined;
  readonly requestId?: string | undefined;
  readonly retryAfterSeconds?: number | undefined;
  readonly errors?: readonly ProblemPlace[] | undefined;
  /** The problem document whole, or what else the answer held. */
  readonly body?: unknown;
}

export class ProblemError extends Error {
  override readonly name = 'ProblemError';
  /** The problem's name in docs/problems.md, or `http-<status>` where the answer carries none. */
  readonly code: string;
  readonly status: number;
  readonly title: string | undefined;
  readonly detail: string | undefined;
  readonly requestId: string | undefined;
  readonly retryAfterSeconds: number | undefined;
  /** Places of the body that are wrong; undefined where the problem names none. */
  readonly errors: readonly ProblemPlace[] | undefined;
  /** Over a session: the problem document whole, or what else the answer held. */
  readonly body: unknown;

  constructor(refusal: Refusal, options?: ErrorOptions) {
    const { code, title, detail } = refusal;
    const text = detail ?? title ?? '';
    super(text === '' ? code : `${code}: ${text}`, options);
    this.code = code;
    this.status = refusal.status;
    this.title = title;
    this.detail = detail;
    this.requestId = refusal.requestId;
    this.retryAfterSeconds = refusal.retryAfterSeconds;
    this.errors = refusal.errors;
    this.body = refusal.body;
  }

  static ofResponse(
    response: Pick<Response, 'status' | 'statusText' | 'headers'>,
    document: ProblemDocument | undefined,
    nowMs: number,
  ): ProblemError {
    return new ProblemError({
      code: document?.code ?? `http-${response.status}`,
      status: response.status,
      title: document?.title ?? response.statusText,
      detail: document?.detail,
      requestId: document?.requestId ?? response.headers.get('x-request-id') ?? undefined,
      retryAfterSeconds: retryAfterSeconds(response.headers, nowMs),
      errors: document?.errors,
    });
  }
}

/** Seconds to wait by `Retry-After`, from either of its forms (RFC 9110 section 10.2.3). */
export function retryAfterSeconds(headers: Headers, nowMs: number): number | undefined {
  const value = headers.get('retry-after')?.trim();
  if (value === undefined) return undefined;
  if (/^\d{1,9}$/.test(value)) return Number(value);
  const dateMs = Date.parse(value);
  return Number.isNaN(dateMs) ? undefined : Math.max(0, Math.ceil((dateMs - nowMs) / 1_000));
}

/** Whether the answer announces a problem document. */
export function carriesProblem(response: Pick<Response, 'status' | 'headers'>): boolean {
  const type = response.headers.get('content-type') ?? '';
  return response.status >= 400 && /^application\/problem\+json\b/i.test(type);
}

/**
 * The problem document of an answer, undefined where it carries none. Reads the body to its end
 * only when the media type announces a problem.
 */
export async function readProblem(response: Response): Promise<ProblemDocument | undefined> {
  if (!carriesProblem(response)) return undefined;
  const text = await readText(response, PROBLEM_MAX_BYTES);
  return text === undefined ? undefined : parseProblem(text);
}

async function readText(response: Response, bytesMax: number): Promise<string | undefined> {
  if (response.body === null) return '';
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  let text = '';
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    length += value.byteLength;
    if (length > bytesMax) break;
    text += decoder.decode(value, { stream: true });
  }
  // Not awaited: cancelling one branch of a clone settles only when the other one ends, and that
  // branch is where a failure of the stream is reported.
  reader.cancel().catch(() => undefined);
  return undefined;
}

export function parseProblem(text: string): ProblemDocument | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // An upstream may label anything as a problem; the caller still gets the status as its code.
    return undefined;
  }
  return problemOf(value);
}

/** The members of a problem document, undefined where the value is no object. */
export function problemOf(value: unknown): ProblemDocument | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const member = (name: string): string | undefined => {
    const found = (value as Record<string, unknown>)[name];
    return typeof found === 'string' ? found : undefined;
  };
  return {
    type: member('type'),
    title: member('title'),
    detail: member('detail'),
    code: member('code'),
    requestId: member('requestId'),
    errors: placesOf((value as { readonly errors?: unknown }).errors),
  };
}

/** What is not as RFC 9457 shows it is passed over. */
function placesOf(errors: unknown): readonly ProblemPlace[] | undefined {
  if (!Array.isArray(errors)) return undefined;
  return errors.filter(
    (each): each is ProblemPlace =>
      typeof each?.pointer === 'string' && typeof each?.detail === 'string',
  );
}
