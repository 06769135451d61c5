// Knows the issuers of access tokens and keeps their keys fresh, for whoever gives them to fronts.
import { readFileSync } from 'node:fs';
import type { Config } from '../../core/config.ts';
import type { IssuerKey, TokenIssuer } from '../../core/token-issuers.ts';
import { fetchJwks } from './fetch-jwks.ts';
import { readJwks } from './read-jwks.ts';

type IssuerConfig = Config['tokens']['issuers'][number];

export interface TokenKeysOptions {
  readonly config: Pick<Config['tokens'], 'issuers' | 'jwksRefreshMs'>;
  /** All of them, whenever a key of one has changed. */
  readonly give: (issuers: readonly TokenIssuer[]) => void;
  /** Keys of an issuer could not be read; those before stay. */
  readonly reportFailure: (issuer: string, reason: string) => void;
}

/** How soon keys are asked for again that were not had, or that a token named in vain. */
const SOON_MS = 5_000;

export class TokenKeys {
  private readonly options: TokenKeysOptions;
  private readonly keys = new Map<string, readonly IssuerKey[]>();
  private readonly askedMs = new Map<string, number>();
  private given = '';
  private timer: NodeJS.Timeout | undefined;
  private closed = false;

  constructor(options: TokenKeysOptions) {
    this.options = options;
  }

  /** @throws Error where a file of the configuration holds no JWK Set */
  async open(): Promise<void> {
    const { issuers } = this.options.config;
    for (const issuer of issuers) if (issuer.jwksFile !== undefined) this.readFile(issuer);
    await this.refresh(issuers.filter(({ jwksFile }) => jwksFile === undefined));
    this.give();
    this.plan();
  }

  /** A token named a key that is not there: perhaps there is one by now. */
  want(issuer: string): void {
    const known = this.options.config.issuers.find(each => each.issuer === issuer);
    const sinceMs = performance.now() - (this.askedMs.get(issuer) ?? Number.NEGATIVE_INFINITY);
    if (known !== undefined && sinceMs >= SOON_MS) void this.refresh([known]);
  }

  /** All of them anew. */
  refresh(issuers = this.options.config.issuers): Promise<void> {
    return Promise.all(issuers.map(issuer => this.read(issuer))).then(() => this.give());
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.timer);
  }

  private plan(): void {
    const { issuers, jwksRefreshMs } = this.options.config;
    if (issuers.length === 0) return;
    const isComplete = this.keys.size === issuers.length;
    const again = () => void this.refresh().then(() => this.closed || this.plan());
    this.timer = setTimeout(again, isComplete ? jwksRefreshMs : SOON_MS);
    this.timer.unref();
  }

  private async read(issuer: IssuerConfig): Promise<void> {
    this.askedMs.set(issuer.issuer, performance.now());
    try {
      if (issuer.jwksFile !== undefined) this.readFile(issuer);
      else this.keys.set(issuer.issuer, readJwks(await fetchJwks(issuer.jwksUrl!)));
    } catch (error) {
      if (!this.closed) this.options.reportFailure(issuer.issuer, reasonOf(error as Error));
    }
  }

  private readFile({ issuer, jwksFile }: IssuerConfig): void {
    try {
      this.keys.set(issuer, readJwks(readFileSync(jwksFile!, 'utf8')));
    } catch (error) {
      throw new Error(`${jwksFile}: ${(error as Error).message}`, { cause: error });
    }
  }

  /** Only what differs: fronts check every token again. */
  private give(): void {
    const issuers = this.options.config.issuers.map(({ issuer, audience, bearer }) => ({
      ...{ issuer, audience, bearer },
      keys: this.keys.get(issuer),
    }));
    const text = JSON.stringify(issuers);
    if (text === this.given || this.closed) return;
    this.given = text;
    this.options.give(issuers);
  }
}

/** The network's own word for it is one cause deep. */
function reasonOf({ message, cause }: Error): string {
  return cause instanceof Error && message === 'fetch failed' ? cause.message : message;
}
