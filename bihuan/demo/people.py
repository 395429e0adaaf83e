"""Invent the demo's people: one log-in for each role, and names for everybody else.

All names are put together by rule from common ones; any likeness to a living person is chance.
They exist only in a demo database; the accounts refuse to start anywhere else.
"""

from __future__ import annotations

from dataclasses import dataclass

# Shown at start and on the demo's log-in page. Never valid outside a demo database.
DEMO_PASSWORD = "demo-bihuan-2026"


@dataclass(frozen=True, slots=True)
class Login:
    """One demo log-in: who they are, and the one post they hold."""

    username: str
    name: str
    role: str
    unit: str
    title: str


LOGINS: tuple[Login, ...] = (
    Login("li", "李春梅", "worker", "371581001001001", "温泉社区第1网格网格员"),
    Login("sun", "孙桂香", "cell_head", "371581001001", "温泉社区网格长"),
    Login("wang", "王立新", "clerk", "371581-centre", "市综治中心受理派遣员"),
    Login("qing", "姜晓青", "clerk", "371581001-centre", "青年路街道综治中心受理派遣员"),
    Login("chen", "陈保国", "handler", "371581-sanitation", "环卫中心清运班班长"),
    Login("zhou", "周海涛", "handler", "371581-municipal", "市政养护中心维修班班长"),
    Login("liu", "刘振东", "unit_head", "371581-city-management", "城市管理局值班负责人"),
    Login("ma", "马文静", "supervisor", "371581-centre", "市综治中心督查"),
    Login("gao", "高建平", "county_admin", "371581", "系统管理员"),
    Login("xu", "许明哲", "auditor", "371581", "审计员"),
    Login("zhao", "赵庆丰", "clerk", "371525-centre", "冠县综治中心受理派遣员"),
)

SURNAMES = (
    "王李张刘陈杨赵孙周徐马朱胡林郭何高罗郑梁宋唐许邓韩冯曹彭曾萧田董袁潘于蒋蔡余杜叶程"
    "苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎"
)

GIVEN_NAMES = (
    "玉兰", "秀英", "桂芬", "春霞", "洪亮", "志强", "建军", "国庆", "丽华", "晓燕", "海燕", "文斌",
    "庆祥", "宝山", "长河", "立群", "素珍", "爱民", "红梅", "俊杰", "雪莲", "永刚", "德胜", "凤霞",
    "金柱", "铁军", "淑珍", "云鹏", "书香", "广林", "彩虹", "新民", "兆林", "维国", "月娥", "延军",
    "小磊", "敬东", "芳芳", "石头", "传伟", "佩佩", "继红", "贵生", "艳丽", "学敏", "连成", "晨曦",
    "子健", "思远", "雅琪", "浩然", "梦瑶", "家豪", "一鸣", "欣怡", "宇航", "若琳", "明轩", "诗涵",
    "振海", "存良", "培兰", "成功", "双喜", "玉柱", "荣华", "清泉", "运来", "守义", "卫东", "冬梅",
    "恩泽", "桂荣", "会芹", "景山", "翠萍", "兰芝", "士杰", "尚武", "同乐", "万福", "先锋", "延年",
)  # fmt: skip


def invented_names(count: int) -> tuple[str, ...]:
    """Give `count` different names, the same on every machine, none of them a log-in's.

    Steps through both lists by strides that share no factor with their lengths, so that neither
    a surname nor a given name comes in runs.
    """
    taken = {login.name for login in LOGINS}
    found: dict[str, None] = {}
    step = 0
    while len(found) < count:
        surname = SURNAMES[(step * step + step * 7) % len(SURNAMES) if step % 3 else step % 12]
        name = surname + GIVEN_NAMES[(step * 37 + step // len(GIVEN_NAMES)) % len(GIVEN_NAMES)]
        if name not in taken:
            found[name] = None
        step += 1
    return tuple(found)


HANDLERS_PER_DEPARTMENT = 2
# Departments people meet most have more hands.
MORE_HANDLERS = {
    "371581-sanitation": 5, "371581-city-management": 5, "371581-municipal": 4,
    "371581-heating": 4, "371581-traffic-police": 3, "371581-water": 3, "371581-parks": 3,
    "371581001-enforcement": 3, "371581002-enforcement": 3,
}  # fmt: skip

# Usernames of the people without a log-in of their own to show: who + a running number.
WORKER_USERNAME = "worker-%03d"
CELL_HEAD_USERNAME = "cellhead-%02d"
HANDLER_USERNAME = "handler-%03d"
UNIT_HEAD_USERNAME = "head-%02d"
CLERK_USERNAME = "clerk-%02d"

# Residents' telephone numbers are made up to look right; a demo database sends no messages.
PHONE_PREFIX = "1990000"


def demo_phone(number: int) -> str:
    """Give the demo's n-th telephone number, 0 to 9999."""
    return f"{PHONE_PREFIX}{number:04d}"
