"""Make the calendar and the versions of what processes keep in memory."""

from datetime import date

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    initial = True
    dependencies = []

    operations = [
        migrations.CreateModel(
            name="CalendarDay",
            fields=[
                ("day", models.DateField(primary_key=True, serialize=False, verbose_name="日期")),
                ("worked", models.BooleanField(verbose_name="是否上班")),
                ("name", models.CharField(max_length=40, verbose_name="名称")),
                ("provisional", models.BooleanField(default=False, verbose_name="是否暂定")),
                ("set_at", models.DateTimeField(verbose_name="录入时间")),
                ("set_by", models.CharField(max_length=80, verbose_name="录入人")),
            ],
            options={
                "verbose_name": "日历",
                "verbose_name_plural": "日历",
                "ordering": ["day"],
                "constraints": [
                    models.CheckConstraint(
                        condition=Q(day__gte=date(2004, 1, 1), day__lte=date(2060, 12, 31)),
                        name="calendar_day_in_range",
                    ),
                    models.CheckConstraint(condition=~Q(name=""), name="calendar_day_named"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Version",
            fields=[
                (
                    "name",
                    models.CharField(
                        max_length=40, primary_key=True, serialize=False, verbose_name="名称"
                    ),
                ),
                ("n", models.BigIntegerField(verbose_name="版本")),
            ],
            options={"verbose_name": "版本", "verbose_name_plural": "版本"},
        ),
    ]
