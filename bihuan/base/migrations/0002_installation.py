from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("base", "0001_calendar_and_versions")]

    operations = [
        migrations.CreateModel(
            name="Installation",
            fields=[
                ("id", models.SmallIntegerField(default=1, primary_key=True, serialize=False)),
                ("kind", models.CharField(max_length=10, verbose_name="类别")),
                ("founded_at", models.DateTimeField(verbose_name="建立时间")),
            ],
            options={
                "verbose_name": "安装",
                "verbose_name_plural": "安装",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("id", 1)), name="installation_only_one"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ("demo", "county"))),
                        name="installation_kind",
                    ),
                ],
            },
        ),
    ]
