"""Lay the tables of units, people, posts, sign-ins and the administration log."""

import bihuan.base.crypto
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Person",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("password", models.CharField(max_length=128, verbose_name="password")),
                (
                    "last_login",
                    models.DateTimeField(blank=True, null=True, verbose_name="last login"),
                ),
                ("username", models.CharField(max_length=40, verbose_name="用户名")),
                ("name", models.CharField(max_length=40, verbose_name="姓名")),
                ("phone", bihuan.base.crypto.EncryptedField(verbose_name="手机")),
                ("phone_key", models.BinaryField(max_length=32, null=True)),
                (
                    "language",
                    models.CharField(
                        blank=True,
                        choices=[("zh-hans", "中文"), ("en", "English")],
                        default="",
                        max_length=10,
                        verbose_name="语言",
                    ),
                ),
                (
                    "is_active",
                    models.BooleanField(db_default=True, default=True, verbose_name="在用"),
                ),
                ("must_change_password", models.BooleanField(db_default=False, default=False)),
                ("created_at", models.DateTimeField(null=True)),
            ],
            options={
                "verbose_name": "人员",
                "indexes": [
                    models.Index(
                        condition=models.Q(("phone_key__isnull", False)),
                        fields=["phone_key"],
                        name="person_phone_key",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("username",), name="person_username"),
                    models.CheckConstraint(
                        condition=models.Q(("username__regex", "^[a-z0-9][a-z0-9._-]{1,39}$")),
                        name="person_username_form",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("name", ""), _negated=True), name="person_has_name"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("phone__isnull", True), ("phone_key__isnull", True)),
                            models.Q(("phone__isnull", False), ("phone_key__isnull", False)),
                            _connector="OR",
                        ),
                        name="person_phone_with_key",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Unit",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("code", models.CharField(max_length=30, verbose_name="编码")),
                ("name", models.CharField(max_length=60, verbose_name="名称")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("city", "市"),
                            ("county", "县（市、区）"),
                            ("centre", "综治中心"),
                            ("department", "部门"),
                            ("street", "乡镇（街道）"),
                            ("community", "村（社区）"),
                            ("team", "网格队伍"),
                            ("zone", "功能区"),
                        ],
                        max_length=12,
                        verbose_name="类别",
                    ),
                ),
                (
                    "area_code",
                    models.CharField(
                        blank=True, default="", max_length=12, verbose_name="区划代码"
                    ),
                ),
                ("office_hours", models.JSONField(blank=True, null=True, verbose_name="办公时间")),
                (
                    "is_active",
                    models.BooleanField(db_default=True, default=True, verbose_name="在用"),
                ),
                (
                    "parent",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="children",
                        to="accounts.unit",
                    ),
                ),
            ],
            options={
                "verbose_name": "单位",
                "ordering": ["code"],
            },
        ),
        migrations.CreateModel(
            name="Post",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("worker", "网格员"),
                            ("cell_head", "网格长"),
                            ("clerk", "受理派遣员"),
                            ("handler", "处置人员"),
                            ("unit_head", "单位负责人"),
                            ("supervisor", "督查"),
                            ("county_admin", "系统管理员"),
                            ("auditor", "审计员"),
                        ],
                        max_length=20,
                        verbose_name="角色",
                    ),
                ),
                ("from_on", models.DateField(verbose_name="自")),
                ("to_on", models.DateField(blank=True, null=True, verbose_name="至")),
                (
                    "person",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="posts",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "unit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="posts",
                        to="accounts.unit",
                    ),
                ),
            ],
            options={
                "verbose_name": "任职",
            },
        ),
        migrations.CreateModel(
            name="AdminEntry",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("what", models.CharField(max_length=60)),
                ("by_label", models.CharField(max_length=10)),
                ("at", models.DateTimeField()),
                ("facts", models.JSONField(default=dict)),
                (
                    "by",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="administered",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="admin_entries",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "unit",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.unit",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="SignIn",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField()),
                ("success", models.BooleanField()),
                ("network", models.BinaryField(max_length=32)),
                (
                    "person",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="sign_ins",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["person", "-at"], name="sign_in_of_person"),
                    models.Index(
                        condition=models.Q(("success", False)),
                        fields=["network", "at"],
                        name="sign_in_failed_from",
                    ),
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="unit",
            constraint=models.UniqueConstraint(fields=("code",), name="unit_code"),
        ),
        migrations.AddConstraint(
            model_name="unit",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "kind__in",
                        ("city", "county", "centre", "department", "street", "community", "team", "zone"),
                    )
                ),
                name="unit_kind",
            ),
        ),
        migrations.AddConstraint(
            model_name="unit",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("area_code", ""),
                    ("area_code__regex", "^([0-9]{4}|[0-9]{6}|[0-9]{9}|[0-9]{12})$"),
                    _connector="OR",
                ),
                name="unit_area_code",
            ),
        ),
        migrations.AddConstraint(
            model_name="unit",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("parent", None),
                    models.Q(("parent", models.F("id")), _negated=True),
                    _connector="OR",
                ),
                name="unit_not_in_itself",
            ),
        ),
        migrations.AddIndex(
            model_name="post",
            index=models.Index(fields=["person", "from_on"], name="post_of_person"),
        ),
        migrations.AddConstraint(
            model_name="post",
            constraint=models.UniqueConstraint(
                condition=models.Q(("to_on", None)),
                fields=("person", "unit", "role"),
                name="post_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="post",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "role__in",
                        (
                            "worker",
                            "cell_head",
                            "clerk",
                            "handler",
                            "unit_head",
                            "supervisor",
                            "county_admin",
                            "auditor",
                        ),
                    )
                ),
                name="post_role",
            ),
        ),
        migrations.AddConstraint(
            model_name="post",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("to_on", None), ("to_on__gte", models.F("from_on")), _connector="OR"
                ),
                name="post_ends_after_start",
            ),
        ),
        migrations.AddIndex(
            model_name="adminentry",
            index=models.Index(fields=["-at"], name="admin_entry_latest"),
        ),
        migrations.AddIndex(
            model_name="adminentry",
            index=models.Index(fields=["person", "-at"], name="admin_entry_about_person"),
        ),
        migrations.AddConstraint(
            model_name="adminentry",
            constraint=models.CheckConstraint(
                condition=models.Q(("what", ""), _negated=True), name="admin_entry_says_what"
            ),
        ),
        migrations.AddConstraint(
            model_name="adminentry",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("by__isnull", False), ("by_label", "person")),
                    models.Q(("by", None), ("by_label", "system")),
                    _connector="OR",
                ),
                name="admin_entry_says_who",
            ),
        ),
    ]
