"""The kernel's tables. They know matters only; each capability keeps its records beside them."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Func, Q, Value
from django.db.models.functions import Concat

from bihuan.matters.channel_models import Call, Message, Outgoing, Webhook  # noqa: F401 — tables

TASK_STATES = ("waiting", "ready", "doing", "done", "returned", "skipped")
OPEN_TASK = Q(state__in=("ready", "doing"))


class Matter(models.Model):
    """Something somebody owes somebody, at a place, by a time (事项).

    lon, lat: WGS-84 degrees. due_at: the earliest due moment of its open clocks, null while
    all are stopped. closed_at: when the loop ended. resolved: the reporter's word, null = not asked
    or no answer. exempt: an upheld appeal keeps its lateness out of the figures; the facts stay.
    """

    number = models.CharField(max_length=30)
    kind = models.CharField(max_length=30)
    category = models.CharField(max_length=40, blank=True)
    title = models.CharField(max_length=120)
    state = models.CharField(max_length=30)
    cell = models.ForeignKey("places.Cell", models.PROTECT, null=True, db_index=False)
    place_guessed = models.BooleanField(default=False)
    lon = models.FloatField(null=True)
    lat = models.FloatField(null=True)
    address = models.CharField(max_length=200, blank=True)
    channel = models.CharField(max_length=20)
    opened_by = models.ForeignKey(
        "accounts.Person", models.PROTECT, null=True, db_index=False, related_name="+"
    )
    owner = models.ForeignKey(
        "accounts.Unit", models.PROTECT, db_index=False, related_name="owned_matters"
    )
    area = models.ForeignKey(
        "accounts.Unit", models.PROTECT, null=True, db_index=False, related_name="+"
    )
    about_unit = models.ForeignKey(
        "accounts.Unit", models.PROTECT, null=True, db_index=False, related_name="+"
    )
    about_person = models.ForeignKey(
        "accounts.Person", models.PROTECT, null=True, db_index=False, related_name="+"
    )
    level = models.SmallIntegerField(default=0, db_default=0)
    urgency = models.SmallIntegerField(default=0, db_default=0)
    opened_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    resolved = models.BooleanField(null=True)
    exempt = models.BooleanField(default=False, db_default=False)
    reminds = models.SmallIntegerField(default=0, db_default=0)
    presses = models.SmallIntegerField(default=0, db_default=0)
    reopens = models.SmallIntegerField(default=0, db_default=0)
    merged_into = models.ForeignKey(
        "self", models.PROTECT, null=True, db_index=False, related_name="merged"
    )
    split_from = models.ForeignKey(
        "self", models.PROTECT, null=True, db_index=False, related_name="parts"
    )
    last_seq = models.IntegerField()
    last_hash = models.BinaryField(max_length=32)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["number"], name="matter_number"),
            models.CheckConstraint(condition=Q(last_seq__gte=1), name="matter_has_entry"),
            models.CheckConstraint(
                condition=Q(closed_at=None) | Q(closed_at__gte=F("opened_at")),
                name="matter_closed_after_opened",
            ),
            models.CheckConstraint(
                condition=Q(lon=None, lat=None)
                | Q(lon__gte=-180, lon__lte=180, lat__gte=-90, lat__lte=90),
                name="matter_point",
            ),
            models.CheckConstraint(
                condition=Q(merged_into=None) | ~Q(merged_into=F("id")), name="matter_not_in_itself"
            ),
        ]
        indexes = [
            # board: a unit's open matters by due time
            models.Index(
                fields=["owner", "due_at"], condition=Q(closed_at=None), name="matter_board"
            ),
            # board of the whole county, and the overdue job
            models.Index(fields=["due_at"], condition=Q(closed_at=None), name="matter_due"),
            # board: what lies in a community or street
            models.Index(
                fields=["area", "due_at"], condition=Q(closed_at=None), name="matter_area"
            ),
            # board: a tab of the whole county and its count; all that a unit's board sorts by
            models.Index(
                fields=["state", "due_at", "id"], condition=Q(closed_at=None), name="matter_state"
            ),
            # board: what is over, newest first; not touched when a matter is opened
            models.Index(
                fields=["owner", "id"],
                condition=Q(closed_at__isnull=False),
                name="matter_owner_over",
            ),
            models.Index(
                fields=["area", "id"], condition=Q(closed_at__isnull=False), name="matter_area_over"
            ),
            models.Index(
                fields=["category", "id"],
                condition=Q(closed_at__isnull=False),
                name="matter_category_over",
            ),
            models.Index(fields=["cell", "opened_at"], name="matter_in_cell"),
            models.Index(
                fields=["opened_by"], condition=~Q(opened_by=None), name="matter_opened_by"
            ),
            models.Index(
                fields=["merged_into"], condition=~Q(merged_into=None), name="matter_merged"
            ),
            models.Index(fields=["split_from"], condition=~Q(split_from=None), name="matter_parts"),
            # search: Chinese words of two characters up (queries.search)
            GinIndex(
                Func(Concat("title", Value(" "), "address"), function="bigrams"),
                name="matter_words",
            ),
        ]


class Task(models.Model):
    """One unit's share of a matter; a send-back adds a round, it never rewrites one."""

    matter = models.ForeignKey(Matter, models.PROTECT, related_name="tasks", db_index=False)
    key = models.CharField(max_length=30)
    round = models.SmallIntegerField(default=1)
    unit = models.ForeignKey("accounts.Unit", models.PROTECT, db_index=False)
    person = models.ForeignKey("accounts.Person", models.PROTECT, null=True, db_index=False)
    state = models.CharField(max_length=10)
    needs = ArrayField(models.CharField(max_length=30), default=list)
    opinion = models.TextField(blank=True)
    opened_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["matter", "key", "round"], name="task_round"),
            models.CheckConstraint(condition=Q(state__in=TASK_STATES), name="task_state"),
            models.CheckConstraint(
                condition=~Q(state="done") | Q(done_at__isnull=False), name="task_done_at"
            ),
            # one live row a key: what opens twice fails here
            models.UniqueConstraint(
                fields=["matter", "key"],
                condition=~Q(state="returned"),
                name="task_one_live_round",
            ),
        ]
        indexes = [
            models.Index(fields=["unit", "due_at"], condition=OPEN_TASK, name="task_board"),
            models.Index(fields=["person", "due_at"], condition=OPEN_TASK, name="task_mine"),
            # board: what a unit has worked on, finished shares too
            models.Index(fields=["unit", "matter"], name="task_of_unit"),
        ]


class Clock(models.Model):
    """A time that is kept: how long there is (seconds of `hours`) and when it is up.

    hours: null = natural time (urgent clocks run on); else the office spans of a day in seconds
    since midnight, [[28800, 43200], …], counted on working days only. due_at: null while stopped.
    late: it was once over its limit; stays true though more time is given later.
    """

    matter = models.ForeignKey(Matter, models.PROTECT, related_name="clocks", db_index=False)
    task = models.ForeignKey(Task, models.PROTECT, null=True, related_name="clocks", db_index=False)
    name = models.CharField(max_length=12)  # accept, finish, promised, statutory
    base_seconds = models.IntegerField()
    limit_seconds = models.IntegerField()
    hours = models.JSONField(null=True)
    due_at = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)
    late = models.BooleanField(default=False, db_default=False)
    provisional = models.BooleanField(default=False, db_default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["matter", "task", "name"], nulls_distinct=False, name="clock_name"
            ),
            models.CheckConstraint(condition=Q(limit_seconds__gte=0), name="clock_limit"),
        ]
        indexes = [
            # the escalation ladder walks the open clocks by due time
            models.Index(
                fields=["due_at"], condition=Q(done_at=None, due_at__isnull=False), name="clock_due"
            )
        ]


class ClockMark(models.Model):
    """The moment a clock began to run or stopped; a segment lies between two marks."""

    clock = models.ForeignKey(Clock, models.PROTECT, related_name="marks", db_index=False)
    seq = models.SmallIntegerField()
    at = models.DateTimeField()
    runs = models.BooleanField()
    cause = models.CharField(max_length=30, blank=True)
    evidence = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["clock", "seq"], name="clock_mark")]


class Stop(models.Model):
    """A time in which a matter's clocks stand still: a pause (挂账) or a wait for an answer."""

    matter = models.ForeignKey(Matter, models.PROTECT, related_name="stops", db_index=False)
    sort = models.CharField(max_length=10)
    cause = models.CharField(max_length=30)
    until = models.DateTimeField(null=True)
    begun_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(sort__in=("pause", "wait")), name="stop_sort"),
            # a pause without an end would be a way to forget a matter
            models.CheckConstraint(
                condition=~Q(sort="pause") | Q(until__isnull=False), name="stop_pause_ends"
            ),
            models.UniqueConstraint(
                fields=["matter"], condition=Q(ended_at=None), name="stop_one_open"
            ),
        ]
        indexes = [
            models.Index(fields=["matter"], name="stop_of_matter"),
            models.Index(fields=["until"], condition=Q(ended_at=None), name="stop_until"),
        ]


class Extension(models.Model):
    """More time asked for (延期): the unit's head agrees, then the centre; refusals count not.

    lapsed: the work was done, or the matter over, before both had answered.
    """

    matter = models.ForeignKey(Matter, models.PROTECT, related_name="extensions", db_index=False)
    state = models.CharField(max_length=12)
    seconds = models.IntegerField()
    asked_by = models.ForeignKey(
        "accounts.Person", models.PROTECT, null=True, db_index=False, related_name="+"
    )
    asked_at = models.DateTimeField()
    unit_by = models.ForeignKey(
        "accounts.Person", models.PROTECT, null=True, db_index=False, related_name="+"
    )
    decided_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=("asked", "unit_agreed", "granted", "refused", "lapsed")),
                name="extension_state",
            ),
            models.CheckConstraint(condition=Q(seconds__gt=0), name="extension_seconds"),
            models.UniqueConstraint(
                fields=["matter"],
                condition=Q(state__in=("asked", "unit_agreed")),
                name="extension_one_open",
            ),
        ]
        indexes = [models.Index(fields=["matter"], name="extension_of_matter")]


class Appeal(models.Model):
    """A unit says an overdue mark is unjust (申诉): once, after closing, two reviews."""

    matter = models.OneToOneField(Matter, models.PROTECT, related_name="appeal")
    state = models.CharField(max_length=12)
    asked_by = models.ForeignKey(
        "accounts.Person", models.PROTECT, null=True, db_index=False, related_name="+"
    )
    asked_at = models.DateTimeField()
    first_by = models.ForeignKey(
        "accounts.Person", models.PROTECT, null=True, db_index=False, related_name="+"
    )
    decided_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=("asked", "agreed_once", "upheld", "refused")),
                name="appeal_state",
            )
        ]


class Entry(models.Model):
    """One line of a matter's history (流水). Written once, never changed; no personal data.

    facts: what this line changed beside the state (due, owner, task states …), so that the
    present can be folded from the history and compared; and "as" when no person acted.
    """

    matter = models.ForeignKey(Matter, models.PROTECT, related_name="entries", db_index=False)
    seq = models.IntegerField()
    step = models.CharField(max_length=30)
    task = models.CharField(max_length=40, blank=True)
    before = models.CharField(max_length=30, blank=True)
    after = models.CharField(max_length=30)
    by = models.ForeignKey(
        "accounts.Person", models.PROTECT, null=True, db_index=False, related_name="+"
    )
    at = models.DateTimeField()
    facts = models.JSONField(default=dict)
    note_digest = models.BinaryField(max_length=32, null=True)
    hash = models.BinaryField(max_length=32)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["matter", "seq"], name="entry_seq")]
        indexes = [
            # who looked at whose data, for the auditor
            models.Index(fields=["at"], condition=Q(step="reveal"), name="entry_reveal")
        ]


class Note(models.Model):
    """The words beside an entry. They can be erased; the entry keeps their salted digest."""

    entry = models.OneToOneField(Entry, models.PROTECT, primary_key=True)
    salt = models.BinaryField(max_length=16)
    text = models.TextField()


class Notice(models.Model):
    """Outbox: an entry that is still to be told to its receivers."""

    entry = models.OneToOneField(Entry, models.PROTECT, primary_key=True)
    told_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["entry"], condition=Q(told_at=None), name="notice_untold")]


class Delivery(models.Model):
    """One receiver's share of a notice: retried by itself until it succeeds."""

    entry = models.ForeignKey(Entry, models.PROTECT, related_name="deliveries", db_index=False)
    receiver = models.CharField(max_length=60)
    tries = models.SmallIntegerField(default=0)
    next_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["entry", "receiver"], name="delivery_receiver")
        ]
        indexes = [
            models.Index(fields=["next_at"], condition=Q(done_at=None), name="delivery_waiting")
        ]


class Attachment(models.Model):
    """A photo of a matter, by its content's hash. record_id: the capability's record it came with.

    use: report (as sent in), before, after (evidence of handling), note.
    """

    matter = models.ForeignKey(Matter, models.PROTECT, related_name="attachments", db_index=False)
    record_id = models.BigIntegerField(null=True)
    use = models.CharField(max_length=10)
    name = models.CharField(max_length=100)
    thumb = models.CharField(max_length=100)
    sha256 = models.BinaryField(max_length=32)
    size = models.IntegerField()
    width = models.IntegerField()
    height = models.IntegerField()
    by = models.ForeignKey(
        "accounts.Person", models.PROTECT, null=True, db_index=False, related_name="+"
    )
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(use__in=("report", "before", "after", "note")), name="attachment_use"
            )
        ]
        indexes = [models.Index(fields=["matter"], name="attachment_of_matter")]


class Rating(models.Model):
    """好差评: five levels (5 very good … 1 very bad), and apart from it: is it solved?"""

    matter = models.ForeignKey(Matter, models.PROTECT, related_name="ratings", db_index=False)
    record_id = models.BigIntegerField(null=True)
    level = models.SmallIntegerField(null=True)
    solved = models.BooleanField(null=True)
    at = models.DateTimeField()
    entry = models.OneToOneField(Entry, models.PROTECT, related_name="rating")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(level=None) | Q(level__gte=1, level__lte=5), name="rating_level"
            )
        ]
        indexes = [models.Index(fields=["matter"], name="rating_of_matter")]


class Rung(models.Model):
    """One rung of the escalation ladder, as data.

    offset_seconds: from the clock's due moment, natural time; negative = before it. to_unit:
    roles told in the unit that has the open task; to_above: roles told in any unit above it.
    """

    kind = models.CharField(max_length=30)
    key = models.CharField(max_length=30)
    clock = models.CharField(max_length=12)
    offset_seconds = models.IntegerField()
    to_unit = ArrayField(models.CharField(max_length=20), default=list)
    to_above = ArrayField(models.CharField(max_length=20), default=list)
    label = models.CharField(max_length=60)
    is_active = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind", "clock", "key"], name="rung_key"),
        ]


class Climbed(models.Model):
    """A clock has climbed a rung for one due moment: each once."""

    clock = models.ForeignKey(Clock, models.PROTECT, related_name="climbed", db_index=False)
    rung = models.ForeignKey(Rung, models.PROTECT, db_index=False)
    due_at = models.DateTimeField()
    entry = models.OneToOneField(Entry, models.PROTECT)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["clock", "rung", "due_at"], name="climbed_once")
        ]


class Seal(models.Model):
    """The Merkle root over one minute's new entries, chained to the seal before."""

    id = models.IntegerField(primary_key=True)
    at = models.DateTimeField()
    count = models.IntegerField()
    root = models.BinaryField(max_length=32)
    hash = models.BinaryField(max_length=32)


class Leaf(models.Model):
    """Which seal holds an entry. No foreign key: a deleted entry must leave its leaf."""

    entry_id = models.BigIntegerField(primary_key=True)
    seal_id = models.IntegerField()
    position = models.IntegerField()
    matter_id = models.BigIntegerField()
    seq = models.IntegerField()
    hash = models.BinaryField(max_length=32)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["seal_id", "position"], name="leaf_position")
        ]


class NumberDay(models.Model):
    """Where the number sequence stood when a day's first matter was opened."""

    day = models.DateField(primary_key=True)
    base = models.BigIntegerField()


class Once(models.Model):
    """One idempotency key (its digest, scoped to the caller) and the matter it made.

    record_id: the capability's record, where that is not the first one of the matter.
    """

    key = models.BinaryField(primary_key=True, max_length=32)
    body_digest = models.BinaryField(max_length=32)
    matter = models.ForeignKey(Matter, models.PROTECT, db_index=False)
    record_id = models.BigIntegerField(null=True)
    at = models.DateTimeField()
