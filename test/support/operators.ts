/** Operators of a test's gateway: their file, and what one of them asks of the admin listener. */
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Role } from '../../src/control-plane/admin/control-context.ts';

export interface AdminAnswer {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: answers of every shape.
  readonly body: any;
}

export class TestOperators {
  readonly folder = mkdtempSync(join(tmpdir(), 'xingyun-operators-'));
  /** For `admin.operatorsFile`. */
  readonly file = join(this.folder, 'operators.yaml');
  private readonly tokens = new Map<string, string>();

  constructor(operators: Readonly<Record<string, readonly Role[]>>) {
    const entries = Object.entries(operators).map(([id, roles]) => {
      const token = randomBytes(32).toString('base64url');
      this.tokens.set(id, token);
      writeFileSync(this.tokenFile(id), token, { mode: 0o600 });
      return { id, roles, tokenSha256: createHash('sha256').update(token).digest('hex') };
    });
    writeFileSync(this.file, JSON.stringify({ operators: entries }), { mode: 0o600 });
  }

  tokenFile(id: string): string {
    return join(this.folder, `${id}.token`);
  }

  /** Asks as that operator. */
  async ask(
    id: string,
    url: string,
    method = 'GET',
    body?: unknown,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<AdminAnswer> {
    const response = await fetch(url, {
      method,
      headers: {
        authorization: `Bearer ${this.tokens.get(id)}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const { status, headers: fields } = response;
    return { status, headers: fields, body: text === '' ? undefined : JSON.parse(text) };
  }

  dispose(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
