import django.contrib.postgres.indexes
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("accounts", "0001_units_people_posts"),
        ("base", "0003_bigrams_function"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Division",
            fields=[
                (
                    "code",
                    models.CharField(
                        max_length=12, primary_key=True, serialize=False, verbose_name="区划代码"
                    ),
                ),
                ("name", models.CharField(max_length=60, verbose_name="名称")),
                (
                    "level",
                    models.CharField(
                        choices=[
                            ("county", "县（市、区）"),
                            ("street", "乡镇（街道）"),
                            ("community", "村（社区）"),
                        ],
                        max_length=12,
                        verbose_name="层级",
                    ),
                ),
                ("outline", models.JSONField(blank=True, null=True, verbose_name="边界")),
                ("is_demo_outline", models.BooleanField(default=False, verbose_name="边界为演示")),
                (
                    "parent",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="children",
                        to="places.division",
                    ),
                ),
            ],
            options={
                "verbose_name": "行政区划",
                "ordering": ["code"],
            },
        ),
        migrations.CreateModel(
            name="Cell",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("code", models.CharField(max_length=20, verbose_name="网格编码")),
                ("name", models.CharField(max_length=80, verbose_name="名称")),
                ("polygon", models.JSONField(verbose_name="范围")),
                ("area_m2", models.FloatField(verbose_name="面积（平方米）")),
                ("is_active", models.BooleanField(default=True, verbose_name="启用")),
                ("is_demo", models.BooleanField(default=False, verbose_name="演示用，非真实边界")),
                ("changed_at", models.DateTimeField(verbose_name="更新时间")),
                (
                    "street_unit",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.unit",
                    ),
                ),
                (
                    "unit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="cells",
                        to="accounts.unit",
                    ),
                ),
                (
                    "community",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="cells",
                        to="places.division",
                    ),
                ),
            ],
            options={
                "verbose_name": "网格",
                "ordering": ["code"],
            },
        ),
        migrations.CreateModel(
            name="Address",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "level",
                    models.CharField(
                        choices=[
                            ("compound", "小区"),
                            ("building", "楼栋"),
                            ("unit", "单元"),
                            ("door", "户室"),
                            ("village", "自然村"),
                            ("group", "村民小组"),
                            ("courtyard", "院落"),
                        ],
                        max_length=12,
                        verbose_name="层级",
                    ),
                ),
                ("name", models.CharField(max_length=60, verbose_name="名称")),
                ("path", models.CharField(max_length=300, verbose_name="路径")),
                ("text", models.CharField(max_length=300, verbose_name="地址")),
                ("search", models.CharField(max_length=400, verbose_name="检索文字")),
                ("lon", models.FloatField(blank=True, null=True, verbose_name="经度（WGS-84）")),
                ("lat", models.FloatField(blank=True, null=True, verbose_name="纬度（WGS-84）")),
                ("is_active", models.BooleanField(default=True, verbose_name="启用")),
                ("is_demo", models.BooleanField(default=False, verbose_name="演示")),
                ("changed_at", models.DateTimeField(verbose_name="更新时间")),
                (
                    "parent",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="children",
                        to="places.address",
                    ),
                ),
                (
                    "cell",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="addresses",
                        to="places.cell",
                    ),
                ),
                (
                    "community",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="addresses",
                        to="places.division",
                    ),
                ),
            ],
            options={
                "verbose_name": "地址",
            },
        ),
        migrations.CreateModel(
            name="ImportRun",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("cells", "网格"), ("addresses", "地址")],
                        max_length=12,
                        verbose_name="种类",
                    ),
                ),
                ("at", models.DateTimeField(verbose_name="时间")),
                ("rows", models.PositiveIntegerField(verbose_name="行数")),
                ("added", models.PositiveIntegerField(verbose_name="新增")),
                ("changed", models.PositiveIntegerField(verbose_name="更新")),
                ("retired", models.PositiveIntegerField(default=0, verbose_name="停用")),
                (
                    "by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "导入记录",
                "ordering": ["-id"],
            },
        ),
        migrations.AddConstraint(
            model_name="division",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("code__regex", "^[0-9]{6}$"), ("level", "county")),
                    models.Q(("code__regex", "^[0-9]{9}$"), ("level", "street")),
                    models.Q(("code__regex", "^[0-9]{12}$"), ("level", "community")),
                    _connector="OR",
                ),
                name="division_code_fits_level",
            ),
        ),
        migrations.AddConstraint(
            model_name="division",
            constraint=models.CheckConstraint(
                condition=models.Q(("level", "county"), ("parent__isnull", False), _connector="OR"),
                name="division_below_county_has_parent",
            ),
        ),
        migrations.AddConstraint(
            model_name="cell",
            constraint=models.UniqueConstraint(fields=("code",), name="cell_code_once"),
        ),
        migrations.AddConstraint(
            model_name="cell",
            constraint=models.CheckConstraint(
                condition=models.Q(("code__regex", "^[0-9]{15,20}$")), name="cell_code_is_digits"
            ),
        ),
        migrations.AddConstraint(
            model_name="cell",
            constraint=models.CheckConstraint(
                condition=models.Q(("area_m2__gt", 0)), name="cell_area_positive"
            ),
        ),
        migrations.AddIndex(
            model_name="address",
            index=django.contrib.postgres.indexes.GinIndex(
                models.Func(models.F("search"), function="bigrams"), name="address_search_bigrams"
            ),
        ),
        migrations.AddConstraint(
            model_name="address",
            constraint=models.UniqueConstraint(fields=("path",), name="address_path_once"),
        ),
        migrations.AddConstraint(
            model_name="address",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "level__in",
                        ["compound", "building", "unit", "door", "village", "group", "courtyard"],
                    )
                ),
                name="address_level_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="address",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("lat__isnull", True), ("lon__isnull", True)),
                    models.Q(
                        ("lat__isnull", False),
                        ("lat__range", (3, 54.5)),
                        ("lon__isnull", False),
                        ("lon__range", (72, 136)),
                    ),
                    _connector="OR",
                ),
                name="address_point_whole",
            ),
        ),
        migrations.AddConstraint(
            model_name="address",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("level__in", ["compound", "village"]), ("parent__isnull", True)),
                    ("parent__isnull", False),
                    _connector="OR",
                ),
                name="address_top_has_no_parent",
            ),
        ),
        migrations.AddConstraint(
            model_name="importrun",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["cells", "addresses"])), name="import_kind_known"
            ),
        ),
    ]
