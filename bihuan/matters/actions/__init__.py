"""Every verb of the kernel: one place to import them from."""

from bihuan.matters.actions.about import say_about
from bihuan.matters.actions.checks import fail_check, pass_check, start_check
from bihuan.matters.actions.desk import (
    accept,
    assign,
    reassign,
    register,
    reject,
    solve_on_spot,
    verify,
    void,
)
from bihuan.matters.actions.joins import merge, split, unmerge, unsplit
from bihuan.matters.actions.opening import Opening, open_matter
from bihuan.matters.actions.says import add_note, press, rate, remind, reopen, reveal
from bihuan.matters.actions.tasks import (
    add_helper,
    finish,
    hand_over,
    return_task,
    send_back,
    take_up,
)
from bihuan.matters.actions.times import (
    agree_extension,
    answer,
    appeal,
    ask,
    ask_extension,
    decide_appeal,
    pause,
    refuse_extension,
    revive,
    revive_due,
)

__all__ = [
    "Opening",
    "accept",
    "add_helper",
    "add_note",
    "agree_extension",
    "answer",
    "appeal",
    "ask",
    "ask_extension",
    "assign",
    "decide_appeal",
    "fail_check",
    "finish",
    "hand_over",
    "merge",
    "open_matter",
    "pass_check",
    "pause",
    "press",
    "rate",
    "reassign",
    "refuse_extension",
    "register",
    "reject",
    "remind",
    "reopen",
    "return_task",
    "reveal",
    "revive",
    "revive_due",
    "say_about",
    "send_back",
    "solve_on_spot",
    "split",
    "start_check",
    "take_up",
    "unmerge",
    "unsplit",
    "verify",
    "void",
]
