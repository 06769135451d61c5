/** The tables of a registry, as every SQL driver has them. */

export interface RegistryTables {
  records: RecordRow;
  documents: DocumentRow;
  audit: AuditRow;
  /** One row: where the registry and its audit chain are. Who changes it holds the commit. */
  head: HeadRow;
}

export interface RecordRow {
  readonly kind: string;
  readonly id: string;
  readonly version: number;
  readonly revision: number;
  /** JSON; null where the record was deleted. */
  readonly body: string | null;
  readonly created_at_ms: number;
  readonly updated_at_ms: number;
}

export interface DocumentRow {
  readonly name: string;
  readonly text: string;
}

export interface AuditRow {
  readonly sequence: number;
  readonly revision: number;
  readonly time: string;
  readonly actor: string;
  readonly action: string;
  readonly reason: string;
  readonly subject: string;
  /** Canonical JSON: a part of what was hashed, to the byte. */
  readonly changes: string;
  readonly previous_hash: string;
  readonly hash: string;
}

export interface HeadRow {
  readonly revision: number;
  readonly audit_sequence: number;
  readonly audit_hash: string;
}
