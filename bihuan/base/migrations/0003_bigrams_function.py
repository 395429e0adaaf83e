"""Make bigrams(text), by which Chinese text is searched from two characters up.

The twin of base/text.py: the test holds the two together on generated text. It calls nothing
outside pg_catalog, so that an index on it can be restored with an empty search path.
"""

from django.db import migrations

FULL_WIDTH = "".join(map(chr, range(0xFF01, 0xFF5F))) + "\u3000"
HALF_WIDTH = "".join(map(chr, range(0x21, 0x7F))) + " "
SEPARATORS = (
    r"\u0001-\u002f\u003a-\u0040\u005b-\u0060\u007b-\u00bf\u00d7\u00f7"
    r"\u2000-\u206f\u3000-\u3004\u3008-\u3020\u3030\ufe10-\ufe6f\uff5f-\uff65\uffe0-\uffff"
)

# lower() in the C collation changes A-Z alone. Most text has no full-width form: look first.
BIGRAMS = f"""
CREATE FUNCTION bigrams(value text) RETURNS text[]
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $body$
DECLARE
    chars text[];
BEGIN
    IF value ~ '[\\u3000\\uff01-\\uff5e]' THEN
        value := translate(value, '{FULL_WIDTH}', '{HALF_WIDTH.replace("'", "''")}');
    END IF;
    chars := string_to_array(
        regexp_replace(lower(value COLLATE "C"), '[{SEPARATORS}]+', ' ', 'g'), NULL
    );
    RETURN coalesce(
        (
            SELECT array_agg(DISTINCT (a || b) COLLATE "C" ORDER BY (a || b) COLLATE "C")
            FROM unnest(chars[:cardinality(chars) - 1], chars[2:]) AS pair (a, b)
            WHERE a <> ' ' AND b <> ' '
        ),
        '{{}}'
    );
END
$body$
"""


class Migration(migrations.Migration):
    dependencies = [("base", "0002_installation")]
    operations = [migrations.RunSQL(BIGRAMS, "DROP FUNCTION bigrams(text)")]
