-- Purpose: the floor of bench/intake.py: the rows of one report by plain INSERTs, one transaction.
-- Parameters (pgbench -D): desk, area, cell = ids; day = the numbers' prefix; run = of this round.
-- Rows: none is read but the ids that the next INSERT needs.
\set r random(1, 9000000000000000000)
BEGIN;
INSERT INTO matters_matter (number, kind, category, title, state, cell_id, place_guessed, lon, lat, address, channel, owner_id, area_id, urgency, opened_at, due_at, last_seq, last_hash) VALUES (':day' || nextval('matters_number'), 'report', 'litter', '温泉路与新华路口往东五十米，路边的垃圾桶满了三四天没人收，味道很大', 'reported', :cell, false, 115.7053, 36.8453, '温泉路 3 号', 'api', :desk, :area, 0, now(), now() + interval '2 hours', 1, sha256(int8send(:r))) RETURNING id AS matter \gset
INSERT INTO matters_once (key, body_digest, matter_id, at) VALUES (sha256(int8send(:r)), sha256(int8send(:r)), :matter, now());
INSERT INTO reports_report (matter_id, text, category, category_chosen, phone, phone_key, name, lon, lat, address, channel, at) VALUES (:matter, '温泉路与新华路口往东五十米，路边的垃圾桶满了三四天没人收，味道很大，麻烦派人来清一下。', 'litter', true, '\x010161303132333435363738394041424344454647484950515253545556575859606162', sha256(int8send(:r)), '\x010161303132333435363738394041424344454647484950515253545556575859', 115.7053, 36.8453, '温泉路 3 号', 'api', now());
INSERT INTO matters_task (matter_id, key, round, unit_id, state, needs, opinion, opened_at, due_at) VALUES (:matter, 'accept', 1, :desk, 'ready', '{}', '', now(), now() + interval '2 hours');
INSERT INTO matters_clock (matter_id, name, base_seconds, limit_seconds, hours, due_at, provisional) VALUES (:matter, 'accept', 7200, 7200, '[[30600, 43200], [48600, 64800]]', now() + interval '2 hours', false), (:matter, 'finish', 28800, 28800, '[[30600, 43200], [48600, 64800]]', now() + interval '1 day', false);
INSERT INTO matters_clockmark (clock_id, seq, at, runs, cause, evidence) SELECT id, 1, now(), true, 'opened', '' FROM matters_clock WHERE matter_id = :matter;
INSERT INTO matters_entry (matter_id, seq, step, task, before, after, at, facts, hash) VALUES (:matter, 1, 'open', '', '', 'reported', now(), '{"as":"reporter","category":"litter","cell":17,"channel":"api","due":"2026-11-25T04:00:00.000000+00:00","owner":3,"promise":"2026-11-26T04:00:00.000000+00:00","rule":12,"task:accept:1":"ready","to":9,"unit:accept:1":3}', sha256(int8send(:r))) RETURNING id AS entry \gset
INSERT INTO matters_notice (entry_id) VALUES (:entry);
COMMIT;
