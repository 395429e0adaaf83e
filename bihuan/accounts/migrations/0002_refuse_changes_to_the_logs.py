"""Let the database itself refuse to change what was administered and who signed in."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION accounts_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% on % is refused: this log is append-only', TG_OP, TG_TABLE_NAME
    USING ERRCODE = '2F002';
END $$;
"""
BACKWARD = ""
for table in ("accounts_adminentry", "accounts_signin"):
    FORWARD += f"""
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON {table}
  FOR EACH ROW EXECUTE FUNCTION accounts_refuse_change();
CREATE TRIGGER append_only_all BEFORE TRUNCATE ON {table}
  FOR EACH STATEMENT EXECUTE FUNCTION accounts_refuse_change();
"""
    BACKWARD += f"DROP TRIGGER append_only ON {table}; DROP TRIGGER append_only_all ON {table};\n"
BACKWARD += "DROP FUNCTION accounts_refuse_change();"


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_units_people_posts")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
