"""Let an extension lapse; bind a changed state to a line of history of the same change.

Until now any last line with that state would do, so that a state could be set back together with
`last_seq` to what an older line says.
"""

from django.db import migrations, models

STATE = """
CREATE OR REPLACE FUNCTION matters_state_has_entry() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.last_seq <= OLD.last_seq OR NOT EXISTS (
    SELECT FROM matters_matter m JOIN matters_entry e ON e.matter_id = m.id AND e.seq = m.last_seq
    WHERE m.id = NEW.id AND e.after = m.state)
  THEN
    RAISE EXCEPTION 'the state of matter % was changed without a line of history', NEW.number
      USING ERRCODE = '2F002';
  END IF;
  RETURN NULL;
END $$;
"""
BEFORE = STATE.replace("NEW.last_seq <= OLD.last_seq OR ", "")


class Migration(migrations.Migration):
    dependencies = [("matters", "0004_index_who_sees_what")]
    operations = [
        migrations.RemoveConstraint(model_name="extension", name="extension_state"),
        migrations.AddConstraint(
            model_name="extension",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    state__in=("asked", "unit_agreed", "granted", "refused", "lapsed")
                ),
                name="extension_state",
            ),
        ),
        migrations.RunSQL(STATE, BEFORE),
    ]
