-- Purpose: after every migration, give the application's role what serving needs and no more.
--   History is append-only for it, a matter cannot be deleted, and it may not say which
--   migrations ran or whether this is a demo. Tables that do not exist yet are passed over.
-- Parameters: app = name of the application's role.
-- Rows: none.
DO $$
DECLARE
  app text := {app};
  rule record;
BEGIN
  EXECUTE format('GRANT USAGE ON SCHEMA public TO %I', app);
  EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO %I', app);
  EXECUTE format('GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO %I', app);
  EXECUTE format('GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO %I', app);
  FOR rule IN
    SELECT to_regclass('public.' || name) AS tab, rights
    FROM (VALUES
      ('matters_matter', 'DELETE, TRUNCATE'),
      ('django_migrations', 'INSERT, UPDATE, DELETE, TRUNCATE'),
      ('base_installation', 'INSERT, UPDATE, DELETE, TRUNCATE')
    ) AS v (name, rights)
    UNION ALL
    -- whatever a migration guards with the append-only trigger
    SELECT tgrelid::regclass, 'UPDATE, DELETE, TRUNCATE'
    FROM pg_trigger WHERE tgname = 'append_only_all'
  LOOP
    IF rule.tab IS NOT NULL THEN
      EXECUTE format('REVOKE %s ON %s FROM %I', rule.rights, rule.tab, app);
    END IF;
  END LOOP;
END $$;
