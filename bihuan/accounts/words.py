"""What the lines of the administration log are called."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

WHAT: dict[str, StrPromise] = {
    "accounts.create_unit": _("增加单位"),
    "accounts.move_unit": _("移动单位"),
    "accounts.set_office_hours": _("修改办公时间"),
    "accounts.close_unit": _("停用单位"),
    "accounts.create_person": _("增加人员"),
    "accounts.give_post": _("任职"),
    "accounts.end_post": _("结束任职"),
    "accounts.set_phone": _("修改手机"),
    "accounts.set_password": _("本人修改密码"),
    "accounts.reset_password": _("重置密码"),
    "accounts.deactivate_person": _("停用账号"),
    "accounts.reactivate_person": _("启用账号"),
    "accounts.create_token": _("发放接口令牌"),
    "accounts.revoke_token": _("收回接口令牌"),
    "reports.import_rules": _("导入派遣规则"),
    "reports.import_categories": _("导入类别"),
    "rules.edit": _("修改派遣规则"),
    "channels.add_webhook": _("增加推送地址"),
    "channels.switch_webhook": _("停用或启用推送地址"),
    "channels.redeliver": _("重发推送"),
    "channels.send_again": _("重发短信"),
    "places.import": _("导入网格"),
}


def what_in_words(what: str) -> str:
    """Say in words what a line is about; what has no words here stays as it is."""
    return str(WHAT.get(what, what))
