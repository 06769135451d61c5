/** Every statement that the journal runs, prepared once. */
import type { DatabaseSync } from 'node:sqlite';

export type Statements = ReturnType<typeof prepareStatements>;

export function prepareStatements(database: DatabaseSync) {
  const prepare = (sql: string) => database.prepare(sql);
  return {
    journal: prepare('SELECT journalId, lapsedFloor FROM journal'),
    setFloor: prepare('UPDATE journal SET lapsedFloor = ?'),
    insert: prepare('INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING'),
    known: prepare('SELECT sequence, partner FROM events WHERE topic = ? AND id = ?'),
    first: prepare('SELECT * FROM events ORDER BY sequence LIMIT 1'),
    last: prepare('SELECT sequence, bytesThrough FROM events ORDER BY sequence DESC LIMIT 1'),
    bytesThrough: prepare('SELECT bytesThrough FROM events WHERE sequence = ?'),
    page: prepare(
      'SELECT sequence, id, time, data FROM events ' +
        'WHERE topic = ? AND partner = ? AND sequence > ? ORDER BY sequence LIMIT ?',
    ),
    forget: prepare('DELETE FROM events WHERE sequence < ?'),
    lapsedOf: prepare('SELECT sequence FROM lapsed WHERE topic = ? AND partner = ?'),
    noteLapsed: prepare(
      'INSERT INTO lapsed SELECT topic, partner, max(sequence) FROM events WHERE sequence < ? ' +
        'GROUP BY topic, partner ' +
        'ON CONFLICT (topic, partner) DO UPDATE SET sequence = excluded.sequence',
    ),
    countLapsed: prepare('SELECT count(*) AS pairs FROM lapsed'),
    /** The pair that so many others lapsed after. */
    lapsedAt: prepare('SELECT sequence FROM lapsed ORDER BY sequence DESC LIMIT 1 OFFSET ?'),
    dropLapsed: prepare('DELETE FROM lapsed WHERE sequence <= ?'),
  };
}
