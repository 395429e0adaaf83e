-- Open a matter: number, first line of history, tasks, clocks, photos, notice; one round trip.
-- Parameters: moments timestamptz; lon, lat degrees WGS-84; seconds int; the arrays of one group
-- (task_*, clock_*, photo_*) have the same length. once_key null = no idempotency key.
-- The mark RECORD below is the capability's own part, a CTE named record with a column id.
-- Rows: one (matter id, number, record id), or none when once_key was used before.
WITH drawn AS (
  SELECT nextval('matters_matter_id_seq') AS id, nextval('matters_number') - %(base)s AS n),
named AS (
  SELECT id, %(prefix)s || lpad(n::text, greatest(6, length(n::text)), '0') AS number FROM drawn),
linked AS (
  SELECT id, number, sha256(sha256(convert_to(number, 'UTF8')) || %(body)s::bytea) AS hash FROM named),
once AS (
  INSERT INTO matters_once (key, body_digest, matter_id, at)
  SELECT %(once_key)s::bytea, %(once_digest)s::bytea, id, %(at)s::timestamptz
  FROM linked WHERE %(once_key)s::bytea IS NOT NULL
  ON CONFLICT DO NOTHING RETURNING matter_id),
matter AS (
  INSERT INTO matters_matter (id, number, kind, category, title, state, cell_id, place_guessed,
    lon, lat, address, channel, opened_by_id, owner_id, area_id, about_unit_id, about_person_id,
    split_from_id, urgency, opened_at, due_at, last_seq, last_hash)
  SELECT id, number, %(kind)s, %(category)s, %(title)s, %(state)s, %(cell)s::bigint, %(guessed)s,
    %(lon)s::float8, %(lat)s::float8, %(address)s, %(channel)s, %(by)s::bigint, %(owner)s,
    %(area)s::bigint, %(about_unit)s::bigint, %(about_person)s::bigint, %(split_from)s::bigint,
    %(urgency)s, %(at)s::timestamptz, %(due)s::timestamptz, 1, hash
  FROM linked
  WHERE %(once_key)s::bytea IS NULL OR EXISTS (SELECT FROM once WHERE once.matter_id = linked.id)
  RETURNING id, number, last_hash),
/*RECORD*/,
task AS (
  INSERT INTO matters_task (matter_id, key, round, unit_id, state, needs, opinion, opened_at, due_at)
  SELECT m.id, t.key, 1, t.unit_id, t.state,
    CASE WHEN t.needs = '' THEN '{}'::varchar[] ELSE string_to_array(t.needs, ',')::varchar[] END, '',
    CASE WHEN t.state = 'ready' THEN %(at)s::timestamptz END, t.due_at
  FROM matter m, unnest(%(task_keys)s::text[], %(task_units)s::bigint[], %(task_states)s::text[],
    %(task_needs)s::text[], %(task_dues)s::timestamptz[]) AS t (key, unit_id, state, needs, due_at)),
clock AS (
  INSERT INTO matters_clock (matter_id, name, base_seconds, limit_seconds, hours, due_at, provisional)
  SELECT m.id, c.name, c.seconds, c.seconds, c.hours::jsonb, c.due_at, c.provisional
  FROM matter m, unnest(%(clock_names)s::text[], %(clock_seconds)s::int[], %(clock_hours)s::text[],
    %(clock_dues)s::timestamptz[], %(clock_provisional)s::bool[])
    AS c (name, seconds, hours, due_at, provisional)
  RETURNING id),
mark AS (
  INSERT INTO matters_clockmark (clock_id, seq, at, runs, cause, evidence)
  SELECT id, 1, %(at)s::timestamptz, true, 'opened', '' FROM clock),
photo AS (
  INSERT INTO matters_attachment (matter_id, record_id, use, name, thumb, sha256, size, width,
    height, by_id, at)
  SELECT m.id, r.id, 'report', p.name, p.thumb, p.sum, p.size, p.width, p.height, %(by)s::bigint,
    %(at)s::timestamptz
  FROM matter m, record r, unnest(%(photo_names)s::text[], %(photo_thumbs)s::text[],
    %(photo_sums)s::bytea[], %(photo_sizes)s::int[], %(photo_widths)s::int[],
    %(photo_heights)s::int[]) AS p (name, thumb, sum, size, width, height)),
entry AS (
  INSERT INTO matters_entry (matter_id, seq, step, task, before, after, by_id, at, facts, hash)
  SELECT id, 1, 'open', '', '', %(state)s, %(by)s::bigint, %(at)s::timestamptz, %(facts)s, last_hash
  FROM matter RETURNING id),
notice AS (INSERT INTO matters_notice (entry_id) SELECT id FROM entry)
SELECT m.id, m.number, r.id FROM matter m LEFT JOIN record r ON true
