/** SM2 with SM3 (GB/T 32918.2), which node:crypto cannot check: it knows no user id. */
import { createRequire } from 'node:module';
import { LRUCache } from 'lru-cache';
import { sm2MessageDigest, sm2PointOf, sm2SignerDigest } from '../../core/sm2.ts';
import { readSm2Signature } from './sm2-signature.ts';

type Sm2 = typeof import('sm-crypto-v2').sm2;
type Table = ReturnType<Sm2['precomputePublicKey']>;

/** Bits of a table's window: see docs/performance-log.md for what others cost. */
const WINDOW_BITS = 4;
/** Tables that a thread keeps, 32 KB each. One is made in 5 ms, a check without it takes 4 ms. */
const TABLES_MAX = 1_024;
/** Good signatures after which a key gets a table: who cannot sign has none made. */
const TABLE_AFTER = 2;

const tables = new LRUCache<string, Table>({ max: TABLES_MAX });
let loaded: Sm2 | undefined;

/** Loaded with the first key: it takes 30 ms, and its own tables take 100 ms more. */
function library(): Sm2 {
  loaded ??= (createRequire(import.meta.url)('sm-crypto-v2') as { readonly sm2: Sm2 }).sm2;
  return loaded;
}

/** A `VerifyKey`. */
export class Sm2Key {
  readonly algorithm = 'sm2-sm3';
  /** In hexadecimal digits, as the library takes it. */
  private readonly point: string;
  private readonly signerDigest: Uint8Array;
  private goodWithoutTable = 0;

  private constructor(point: Uint8Array) {
    this.point = Buffer.from(point).toString('hex');
    this.signerDigest = sm2SignerDigest(point);
  }

  /** Undefined where it is no SM2 key, or its point is compressed. */
  static fromSpki(spki: Uint8Array): Sm2Key | undefined {
    const point = sm2PointOf(spki);
    return point && new Sm2Key(point);
  }

  verifies(signed: Uint8Array, signature: Uint8Array): boolean {
    const rAndS = readSm2Signature(signature);
    if (rAndS === undefined) return false;
    const digest = sm2MessageDigest(this.signerDigest, signed);
    const table = tables.get(this.point);
    const { doVerifySignature } = library();
    const isGood = doVerifySignature(digest, rAndS, table ?? this.point, {
      hash: false,
      der: false,
    });
    if (table === undefined && isGood) this.considerTable();
    return isGood;
  }

  private considerTable(): void {
    this.goodWithoutTable += 1;
    if (this.goodWithoutTable < TABLE_AFTER) return;
    this.goodWithoutTable = 0;
    tables.set(this.point, library().precomputePublicKey(this.point, WINDOW_BITS));
  }
}
