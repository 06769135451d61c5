/** Who may use the admin API, and how each proves it. Immutable; read anew, swapped whole. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { OperatorKey, OperatorKeys } from '../../core/signed-requests.ts';
import { type Principal, ROLES, type Role } from '../admin/control-context.ts';

export interface Operator {
  readonly id: string;
  readonly roles: readonly Role[];
  /** SHA-256 of the bearer token; undefined where the operator signs only. */
  readonly tokenDigest: Uint8Array | undefined;
  readonly keys: readonly OperatorKey[];
  /** Last millisecond at which anything of it is accepted. */
  readonly notAfterMs: number;
}

/** Who holds the token of `admin.tokenFile`. */
export const ADMIN_ID = 'admin';

/** How the audit log names an operator. */
export function actorOf({ id }: Principal): string {
  return `operator:${id}`;
}

export class OperatorDirectory {
  readonly keys: OperatorKeys;
  private readonly operators: ReadonlyMap<string, Operator>;

  /** @param adminToken of `admin.tokenFile`, which has every role */
  constructor(operators: readonly Operator[] = [], adminToken?: string) {
    if (adminToken === '') {
      throw new Error('The admin token is empty: write one into admin.tokenFile.');
    }
    const all = adminToken === undefined ? operators : [adminOperator(adminToken), ...operators];
    this.operators = new Map(all.map(operator => [operator.id, operator]));
    this.keys = new Map(all.flatMap(({ keys }) => keys.map(key => [key.id, key] as const)));
  }

  get isEmpty(): boolean {
    return this.operators.size === 0;
  }

  /** Every operator's digest is compared, so that the time does not tell whose is nearest. */
  byToken(token: string, nowMs: number): Principal | undefined {
    const digest = createHash('sha256').update(token).digest();
    let found: Operator | undefined;
    for (const operator of this.operators.values()) {
      const { tokenDigest } = operator;
      if (tokenDigest !== undefined && timingSafeEqual(digest, tokenDigest)) found = operator;
    }
    return current(found, nowMs);
  }

  /** Who has come with the token of this SHA-256, as long as it is theirs. */
  withToken(id: string, digest: Uint8Array, nowMs: number): Principal | undefined {
    const operator = this.operators.get(id);
    const known = operator?.tokenDigest;
    const isTheirs = known !== undefined && timingSafeEqual(digest, known);
    return isTheirs ? current(operator, nowMs) : undefined;
  }

  /** Who signed with one of `keys`. */
  byId(id: string, nowMs: number): Principal | undefined {
    return current(this.operators.get(id), nowMs);
  }
}

function current(operator: Operator | undefined, nowMs: number): Principal | undefined {
  return operator !== undefined && nowMs <= operator.notAfterMs ? operator : undefined;
}

function adminOperator(token: string): Operator {
  return {
    id: ADMIN_ID,
    roles: ROLES,
    tokenDigest: createHash('sha256').update(token).digest(),
    keys: [],
    notAfterMs: Number.MAX_SAFE_INTEGER,
  };
}
