/** Reads the operators' file: who they are, what they may do, and what they prove it with. */
import { createHash } from 'node:crypto';
import Type, { type Static } from 'typebox';
import type { OperatorKey, OperatorKeyAlgorithm } from '../../core/signed-requests.ts';
import { ROLES } from '../admin/control-context.ts';
import { ProblemList } from '../config/config-error.ts';
import { createSchemaCheck } from '../config/schema-check.ts';
import { YamlSource } from '../config/yaml-source.ts';
import { parseInstant } from '../registry/instants.ts';
import { checkPublicKey, readPublicKey } from '../registry/public-keys.ts';
import { id, instant, keyId, record, text } from '../registry/record-fields.ts';
import { ADMIN_ID, type Operator, OperatorDirectory } from './operator-directory.ts';

const OPERATORS_FILE_MAX_BYTES = 4_194_304;

const ALGORITHMS = [
  'ed25519',
  'ecdsa-p256-sha256',
  'ecdsa-p384-sha384',
  'rsa-pss-sha512',
  'rsa-v1_5-sha256',
] as const satisfies readonly OperatorKeyAlgorithm[];

const key = record({
  id: keyId,
  algorithm: Type.Enum([...ALGORITHMS], { description: 'The one algorithm it is used with.' }),
  publicKey: Type.String({ description: 'Public key, PEM.', maxLength: 65_536 }),
});

const operator = record({
  id: id('Unique among operators; in the audit log as `operator:<id>`.'),
  name: Type.Optional(text('For people.')),
  roles: Type.Array(Type.Enum([...ROLES]), {
    description: 'What it may do (docs/admin-api.md).',
    minItems: 1,
    maxItems: ROLES.length,
    uniqueItems: true,
  }),
  tokenSha256: Type.Optional(
    Type.String({
      description: 'SHA-256 of its bearer token; the token itself is nowhere in the file.',
      pattern: '^[0-9a-fA-F]{64}$',
      form: 'a SHA-256 digest, 64 hexadecimal digits',
    }),
  ),
  keys: Type.Array(key, { description: 'What it signs with.', default: [], maxItems: 10 }),
  notAfter: Type.Optional(instant('Last instant at which it is let in.')),
});

const OperatorsSchema = record({
  operators: Type.Array(operator, { description: 'Everybody.', default: [], maxItems: 1_000 }),
});

type OperatorEntry = Static<typeof operator>;

const checkSchema = createSchemaCheck(OperatorsSchema);

/**
 * Reads and checks the file of operators.
 *
 * @param adminToken of `admin.tokenFile`: its holder is the operator `admin`
 * @throws ConfigError with every problem that the schema sees, or else every one that the other
 *   checks see
 */
export function loadOperators(file: string, adminToken?: string): OperatorDirectory {
  const source = YamlSource.read(file, OPERATORS_FILE_MAX_BYTES);
  const problems = new ProblemList();
  const { operators = [] } = checkSchema(source, problems) ?? {};
  const loading = new OperatorsLoading(source, problems, adminToken);
  const loaded = operators.map((entry, index) => loading.load(entry, index));
  problems.throwIfAny();
  return new OperatorDirectory(loaded, adminToken);
}

class OperatorsLoading {
  private readonly source: YamlSource;
  private readonly problems: ProblemList;
  private readonly ids = new Set<string>([ADMIN_ID]);
  private readonly digests = new Set<string>();
  private readonly keyIds = new Set<string>();
  /** Ids of operators by public key. */
  private readonly holders = new Map<string, string>();

  constructor(source: YamlSource, problems: ProblemList, adminToken: string | undefined) {
    this.source = source;
    this.problems = problems;
    if (adminToken !== undefined) {
      this.digests.add(createHash('sha256').update(adminToken).digest('hex'));
    }
  }

  load(entry: OperatorEntry, index: number): Operator {
    const report = (option: readonly (string | number)[], message: string) =>
      this.problems.add(this.source.problem(['operators', index, ...option], message));
    const { id: operatorId, roles, tokenSha256, keys, notAfter } = entry;
    if (this.ids.has(operatorId)) {
      const reserved = operatorId === ADMIN_ID;
      report(
        ['id'],
        reserved ? 'is the holder of admin.tokenFile; take another' : 'is there twice',
      );
    }
    this.ids.add(operatorId);
    if (tokenSha256 === undefined && keys.length === 0) {
      report([], 'must have tokenSha256 or keys, or it can prove nothing');
    }
    return {
      id: operatorId,
      roles,
      tokenDigest: this.readDigest(tokenSha256, report),
      keys: keys.flatMap((each, at) =>
        this.readKey(each, operatorId, (option, message) => report(['keys', at, option], message)),
      ),
      notAfterMs: readEnd(notAfter, report),
    };
  }

  private readDigest(text: string | undefined, report: Report): Uint8Array | undefined {
    if (text === undefined) return undefined;
    const digest = text.toLowerCase();
    if (this.digests.has(digest)) report(['tokenSha256'], 'is that of another operator’s token');
    this.digests.add(digest);
    return Buffer.from(digest, 'hex');
  }

  private readKey(
    { id: ownId, algorithm, publicKey }: OperatorEntry['keys'][number],
    operatorId: string,
    report: (option: string, message: string) => void,
  ): OperatorKey[] {
    if (this.keyIds.has(ownId)) report('id', 'is there twice');
    this.keyIds.add(ownId);
    const read = readPublicKey(publicKey);
    const wrong = typeof read === 'string' ? read : checkPublicKey(read.key, algorithm);
    if (typeof read === 'string' || wrong !== undefined) {
      report('publicKey', wrong!);
      return [];
    }
    const material = read.key.export({ type: 'spki', format: 'der' });
    const spki = material.toString('base64');
    const holder = this.holders.get(spki) ?? operatorId;
    this.holders.set(spki, holder);
    // Whoever has it could ask as one operator and approve as the other.
    if (holder !== operatorId) report('publicKey', `is a key of the operator ${holder} as well`);
    return [{ id: ownId, operatorId, algorithm, material }];
  }
}

type Report = (option: readonly (string | number)[], message: string) => void;

function readEnd(text: string | undefined, report: Report): number {
  const ms = text === undefined ? Number.MAX_SAFE_INTEGER : parseInstant(text);
  if (ms !== undefined) return ms;
  report(['notAfter'], 'must be an instant that exists');
  return 0;
}
