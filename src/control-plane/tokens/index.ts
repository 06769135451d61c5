// Knows the issuers of access tokens and keeps their keys fresh, for whoever gives them to fronts.
import { readFileSync } from 'node:fs';
import type { Config } from '../../core/config.ts';
import type { IssuerKey, TokenIssuer } from '../../core/token-issuers.ts';
import { fetchJwks } from './fetch-jwks.ts';
import { readJwks } from './read-jwks.ts';

type IssuerConfig = Config['tokens']['issuers'][number];

export interface TokenKeysOptions {
  readonly config: Pick<Config['tokens'], 'issuers' | 'jwksRefreshMs' | 'jwksStaleMaxMs'>;
  /** All of them, whenever a key of one has changed. */
  readonly give: (issuers: readonly TokenIssuer[]) => void;
  /** Keys of an issuer could not be read; those before stay for a while. */
  readonly reportFailure: (issuer: string, reason: string) => void;
}

/** How soon keys are asked for again that were not had, or that a token named in vain. */
const SOON_MS = 5_000;

interface ReadKeys {
  readonly keys: readonly IssuerKey[];
  readonly atMs: number;
}

export class TokenKeys {
  private readonly options: TokenKeysOptions;
  private readonly byIssuer = new Map<string, ReadKeys>();
  private readonly askedMs = new Map<string, number>();
  /** One at a time for each issuer: an older answer must not come behind a newer one. */
  private readonly underWay = new Map<string, Promise<void>>();
  private given = '';
  private timer: NodeJS.Timeout | undefined;
  private closed = false;

  constructor(options: TokenKeysOptions) {
    this.options = options;
  }

  /**
   * Gives what files hold, and goes on with what the network has.
   * @throws Error where a file of the configuration holds no JWK Set with a key that can be used
   */
  open(): void {
    const { issuers } = this.options.config;
    for (const issuer of issuers) if (issuer.jwksFile !== undefined) this.readFirst(issuer);
    this.give();
    if (issuers.length > 0) void this.refresh(this.missing()).then(() => this.plan());
  }

  /** A token named a key that is not there: perhaps there is one by now. */
  want(issuer: string): void {
    const known = this.options.config.issuers.find(each => each.issuer === issuer);
    const sinceMs = performance.now() - (this.askedMs.get(issuer) ?? Number.NEGATIVE_INFINITY);
    if (known !== undefined && sinceMs >= SOON_MS) void this.refresh([known]);
  }

  /** All of them anew. */
  async refresh(issuers = this.options.config.issuers): Promise<void> {
    await Promise.all(issuers.map(issuer => this.read(issuer)));
    this.give();
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.timer);
  }

  private missing(): IssuerConfig[] {
    return this.options.config.issuers.filter(({ issuer }) => !this.byIssuer.has(issuer));
  }

  private plan(): void {
    if (this.closed) return;
    const { jwksRefreshMs } = this.options.config;
    const isComplete = this.missing().length === 0;
    const again = () => {
      void this.refresh(isComplete ? undefined : this.missing()).then(() => this.plan());
    };
    this.timer = setTimeout(again, isComplete ? jwksRefreshMs : SOON_MS);
    this.timer.unref();
  }

  private read(issuer: IssuerConfig): Promise<void> {
    const name = issuer.issuer;
    let reading = this.underWay.get(name);
    if (reading === undefined) {
      reading = this.readNow(issuer).finally(() => this.underWay.delete(name));
      this.underWay.set(name, reading);
    }
    return reading;
  }

  private async readNow({ issuer, jwksFile, jwksUrl }: IssuerConfig): Promise<void> {
    this.askedMs.set(issuer, performance.now());
    try {
      const text =
        jwksFile === undefined ? await fetchJwks(jwksUrl!) : readFileSync(jwksFile, 'utf8');
      const keys = readJwks(text);
      this.byIssuer.set(issuer, { keys, atMs: performance.now() });
      if (keys.length === 0) this.report(issuer, 'it has no key any more that can check a token');
    } catch (error) {
      this.report(issuer, reasonOf(error as Error));
      this.forgetStale(issuer);
    }
  }

  private report(issuer: string, reason: string): void {
    if (!this.closed) this.options.reportFailure(issuer, reason);
  }

  /** Nobody says any more that they are good. */
  private forgetStale(issuer: string): void {
    const before = this.byIssuer.get(issuer);
    const { jwksStaleMaxMs } = this.options.config;
    if (before !== undefined && performance.now() - before.atMs > jwksStaleMaxMs) {
      this.byIssuer.delete(issuer);
    }
  }

  private readFirst({ issuer, jwksFile }: IssuerConfig): void {
    try {
      const keys = readJwks(readFileSync(jwksFile!, 'utf8'));
      if (keys.length === 0) throw new Error('it has no key that can check a token');
      this.byIssuer.set(issuer, { keys, atMs: performance.now() });
    } catch (error) {
      throw new Error(`${jwksFile}: ${(error as Error).message}`, { cause: error });
    }
  }

  /** Only what differs. */
  private give(): void {
    if (this.closed) return;
    const issuers = this.options.config.issuers.map(({ issuer, audience, bearer, apps }) => ({
      ...{ issuer, audience, bearer, apps },
      keys: this.byIssuer.get(issuer)?.keys,
    }));
    const text = JSON.stringify(issuers);
    if (text === this.given) return;
    this.given = text;
    this.options.give(issuers);
  }
}

/** The network's own word for it is one cause deep. */
function reasonOf({ message, cause }: Error): string {
  return cause instanceof Error && message === 'fetch failed' ? cause.message : message;
}
