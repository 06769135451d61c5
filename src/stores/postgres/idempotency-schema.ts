/** Where keys of calls are kept in a database, and what a batch does there. */

export const IDEMPOTENCY_SCHEMA = 'xingyun_idempotency';

/** Of gateways that start together one makes it: any number that nobody else here uses. */
const MAKING_LOCK = 0x7879_494b;

/**
 * Owners are processes (docs/idempotency.md): each counts what it has added and taken away, so that
 * none waits for another's row, and says that it is there.
 *
 * `run_batch` is one round trip and one commit. Keys are put in in their order, so that batches of
 * two hosts cannot wait for each other in a circle.
 */
const TABLES = `
  CREATE SCHEMA IF NOT EXISTS ${IDEMPOTENCY_SCHEMA};
  SET LOCAL search_path TO ${IDEMPOTENCY_SCHEMA};
  CREATE TABLE claims (
    claim bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key bytea NOT NULL UNIQUE,
    call bytea NOT NULL,
    owner text NOT NULL,
    claimed_at_ms bigint NOT NULL,
    status integer,
    headers text,
    body bytea
  );
  CREATE TABLE owners (
    owner text PRIMARY KEY,
    claims bigint NOT NULL,
    seen_at timestamptz NOT NULL
  );
  CREATE FUNCTION note_owner(me text, added bigint) RETURNS void LANGUAGE sql
  SET search_path TO ${IDEMPOTENCY_SCHEMA} AS $$
    INSERT INTO owners AS o VALUES (me, added, clock_timestamp())
    ON CONFLICT (owner) DO UPDATE SET claims = o.claims + added, seen_at = clock_timestamp()
  $$;
  CREATE FUNCTION run_batch(
    me text, now_ms bigint, claims_max bigint, releases bigint[], losses bigint[],
    kept bigint[], statuses integer[], fields text[], bodies bytea[],
    keys bytea[], calls bytea[]
  ) RETURNS TABLE (
    claim bigint, call bytea, owner text, status integer, headers text, body bytea
  ) LANGUAGE plpgsql SET search_path TO ${IDEMPOTENCY_SCHEMA} AS $$
  #variable_conflict use_column
  DECLARE
    freed bigint := 0;
    added bigint := 0;
    room bigint;
  BEGIN
    DELETE FROM claims WHERE claim = ANY(releases) AND status IS NULL;
    GET DIAGNOSTICS freed = ROW_COUNT;
    UPDATE claims SET status = k.status, headers = k.headers, body = k.body
      FROM unnest(kept, statuses, fields, bodies) AS k (claim, status, headers, body)
      WHERE claims.claim = k.claim AND claims.status IS NULL;
    UPDATE claims SET owner = '' WHERE claim = ANY(losses) AND status IS NULL;
    SELECT claims_max + freed - coalesce(sum(o.claims), 0) INTO room FROM owners o;
    INSERT INTO claims (key, call, owner, claimed_at_ms)
      SELECT n.key, n.call, me, now_ms FROM (
        SELECT f.key, f.call FROM (
          SELECT DISTINCT ON (u.key) u.key, u.call, u.position
            FROM unnest(keys, calls) WITH ORDINALITY AS u (key, call, position)
            WHERE NOT EXISTS (SELECT FROM claims c WHERE c.key = u.key)
            ORDER BY u.key, u.position
        ) f ORDER BY f.position LIMIT greatest(room, 0)
      ) n ORDER BY n.key
      ON CONFLICT (key) DO NOTHING;
    GET DIAGNOSTICS added = ROW_COUNT;
    PERFORM note_owner(me, added - freed);
    RETURN QUERY
      SELECT c.claim, c.call, c.owner, c.status, c.headers, c.body
        FROM unnest(keys) WITH ORDINALITY AS u (key, position)
        LEFT JOIN claims c ON c.key = u.key ORDER BY u.position;
  END $$;
`;

const of = (name: string) => `${IDEMPOTENCY_SCHEMA}.${name}`;

export const FIND_SCHEMA = `SELECT to_regclass('${of('claims')}') IS NOT NULL AS found`;

/** In one transaction, and nothing where another has made it meanwhile. */
export const MAKE_SCHEMA = `
  BEGIN;
  SELECT pg_advisory_xact_lock(${MAKING_LOCK});
  DO $make$ BEGIN
    IF to_regclass('${IDEMPOTENCY_SCHEMA}.claims') IS NULL THEN
      ${TABLES}
    END IF;
  END $make$;
  COMMIT;
`;

const ARGUMENTS = '$1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11';
export const RUN_BATCH = `SELECT * FROM ${of('run_batch')}(${ARGUMENTS})`;
export const NEWEST = `SELECT claimed_at_ms FROM ${of('claims')} ORDER BY claim DESC LIMIT 1`;
/** What those have counted that ended long ago goes with the new one. */
export const BEGIN_OWNER = `
  WITH gone AS (
    DELETE FROM ${of('owners')} WHERE seen_at < clock_timestamp() - interval '1 day'
    RETURNING claims
  )
  SELECT ${of('note_owner')}($1, coalesce(sum(claims), 0)::bigint) FROM gone`;
export const NOTE_OWNERS = `SELECT ${of('note_owner')}(owner, 0) FROM unnest($1::text[]) owner`;
export const WHO_IS_THERE =
  `SELECT owner FROM ${of('owners')} WHERE owner = ANY($1) ` +
  "AND seen_at > clock_timestamp() - $2 * interval '1 millisecond'";
/** Claims that a batch made of which this process never heard: they are its own again. */
export const TAKE_OVER =
  `UPDATE ${of('claims')} SET owner = $1 ` +
  'WHERE claim = ANY($2) AND status IS NULL RETURNING claim';
export const FORGET = `
  WITH old AS (
    SELECT claim FROM (
      SELECT claim, claimed_at_ms FROM ${of('claims')} ORDER BY claim LIMIT $2
    ) oldest WHERE claimed_at_ms < $1
  ), gone AS (
    DELETE FROM ${of('claims')} WHERE claim IN (SELECT claim FROM old) RETURNING claim
  )
  SELECT count(*)::integer AS count, ${of('note_owner')}($3, -count(*)) FROM gone`;
/** They say themselves that they have ended; what they have counted stays. */
export const NOTE_END = `UPDATE ${of('owners')} SET seen_at = '-infinity' WHERE owner = ANY($1)`;
