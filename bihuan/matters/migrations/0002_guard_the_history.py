"""Make the number sequence, and let the database itself refuse what the code never does.

History, seals, leaves and clock marks are append-only. A matter's state changes only together with
a line of history that says so; matters are never deleted.
"""

from django.db import migrations

GUARDED = ("matters_entry", "matters_seal", "matters_leaf", "matters_clockmark")

REFUSE = """
CREATE FUNCTION matters_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% on % is refused: history is append-only', TG_OP, TG_TABLE_NAME
    USING ERRCODE = '2F002';
END $$;
"""
TRIGGERS = "".join(
    f"""
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON {table}
  FOR EACH ROW EXECUTE FUNCTION matters_refuse_change();
CREATE TRIGGER append_only_all BEFORE TRUNCATE ON {table}
  FOR EACH STATEMENT EXECUTE FUNCTION matters_refuse_change();
"""
    for table in GUARDED
)
UNDO_TRIGGERS = "".join(
    f"DROP TRIGGER append_only ON {table}; DROP TRIGGER append_only_all ON {table};"
    for table in GUARDED
)
# Deferred: the line of history is written after the state, in the same transaction.
STATE = """
CREATE FUNCTION matters_state_has_entry() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (
    SELECT FROM matters_matter m JOIN matters_entry e ON e.matter_id = m.id AND e.seq = m.last_seq
    WHERE m.id = NEW.id AND e.after = m.state)
  THEN
    RAISE EXCEPTION 'the state of matter % was changed without a line of history', NEW.number
      USING ERRCODE = '2F002';
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER state_has_entry AFTER UPDATE OF state ON matters_matter
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (OLD.state IS DISTINCT FROM NEW.state)
  EXECUTE FUNCTION matters_state_has_entry();
CREATE TRIGGER never_deleted BEFORE DELETE ON matters_matter
  FOR EACH ROW EXECUTE FUNCTION matters_refuse_change();
"""
UNDO_STATE = """
DROP TRIGGER never_deleted ON matters_matter;
DROP TRIGGER state_has_entry ON matters_matter;
DROP FUNCTION matters_state_has_entry();
"""


class Migration(migrations.Migration):
    dependencies = [("matters", "0001_kernel")]
    operations = [
        migrations.RunSQL("CREATE SEQUENCE matters_number CACHE 1", "DROP SEQUENCE matters_number"),
        migrations.RunSQL(REFUSE, "DROP FUNCTION matters_refuse_change()"),
        migrations.RunSQL(TRIGGERS, UNDO_TRIGGERS),
        migrations.RunSQL(STATE, UNDO_STATE),
    ]
