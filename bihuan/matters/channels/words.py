"""What a line of the inbox says, by its key. Made when shown, in the reader's language."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

# key of Message -> what happened, what to do
WORDS: dict[str, StrPromise] = {
    "new": _("有新的事项，请受理。"),
    "to_verify": _("有事项要到现场核实。"),
    "not_found": _("现场没有看到反映的情况，请决定是否立案或作废。"),
    "to_assign": _("事项已核实，请派遣。"),
    "assigned": _("有新的任务，请签收办理。"),
    "withdrawn": _("您的任务已改派，不用再办理。"),
    "asked_help": _("请您的单位协办。"),
    "handed_over": _("一项任务转给您办理。"),
    "returned": _("任务被退回，请重新派遣。"),
    "share_returned": _("协办单位退回了任务。"),
    "share_done": _("协办单位已办完。"),
    "to_check": _("事项已办结，请核查。"),
    "check": _("请到现场核查是否办好。"),
    "rework": _("核查认为没有办好，请重新办理。"),
    "remind": _("有人在催办，请尽快办理。"),
    "press": _("督查已督办，请按要求的期限办理。"),
    "escalate": _("时限提醒：请查看并督促办理。"),
    "due_soon": _("快到期了，请抓紧办理。"),
    "overdue": _("已经超期，请尽快办理。"),
    "extension_asked": _("有延期申请，请审核。"),
    "extension_unit_agreed": _("单位已同意延期，请审批。"),
    "extension_granted": _("延期申请已同意。"),
    "extension_refused": _("延期申请没有同意，请按原期限办理。"),
    "answered": _("问题已有答复，计时继续，请接着办理。"),
    "reopened": _("事项没有解决，重新办理。"),
    "joined": _("又有一位群众反映同一件事。"),
    "noted": _("群众补充了情况。"),
    "revived": _("挂账结束，计时继续，请接着办理。"),
    "appealed": _("有超期申诉，请审核。"),
    "appeal_decided": _("超期申诉已有结果。"),
    "to_call": _("有一件要回访的事项。"),
}


def words_of(key: str) -> StrPromise | str:
    """Return the words of a key; of one from another version, a plain sentence."""
    return WORDS.get(key, UNKNOWN)


UNKNOWN = _("事项有新的进展，请查看。")
