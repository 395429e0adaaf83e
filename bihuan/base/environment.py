"""What the environment may say: the table of all settings, and how each is read.

`bihuan settings` prints the table, docs/operate.md shows it, and a test holds it against the code.
A wrong value is a Trouble: one sentence. Knows no Django: commands read it before Django is loaded.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bihuan.base.trouble import Trouble

ROOT = Path(__file__).resolve().parent.parent.parent
CLONE = ROOT if (ROOT / "manage.py").exists() else Path.cwd()  # installed: where we are started


@dataclass(frozen=True)
class Setting:
    """One setting: its name in the environment, default, how it is read, what it means."""

    name: str
    default: str
    read: Callable[[str], Any]
    zh: str
    en: str


def _yes(text: str) -> bool:
    if text not in ("0", "1"):
        raise ValueError("0 | 1")
    return text == "1"


def _count(low: int, high: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not text.isdecimal() or not low <= int(text) <= high:
            raise ValueError(f"{low} … {high}")
        return int(text)

    return read


def _one_of(*words: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in words:
            raise ValueError(" | ".join(words))
        return text

    return read


def _web_address(text: str) -> str:
    parts = urlsplit(text)
    if text and (parts.scheme not in ("http", "https") or not parts.hostname or parts.query):
        raise ValueError("https://bihuan.example.gov.cn")
    return text.rstrip("/")


def _headers(text: str) -> dict[str, str]:
    found = {}
    for part in filter(None, (part.strip() for part in text.split("|"))):
        name, colon, said = part.partition(":")
        if not (colon and re.fullmatch(r"[A-Za-z0-9-]+", name.strip()) and said.strip().isascii()):
            raise ValueError("Name: value | Other-Name: value")
        found[name.strip()] = said.strip()
    return found


def _database_address(text: str) -> str:
    parts = urlsplit(text)
    if text and (parts.scheme not in ("postgres", "postgresql") or not parts.path.strip("/")):
        raise ValueError("postgresql://user:password@host:5432/bihuan")
    return text


def _list(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


SETTINGS = (
    Setting(
        "BIHUAN_DATA",
        "./var",
        Path,
        "数据文件夹：内置数据库、附件、密钥",
        "data folder: embedded database, attachments, keys",
    ),
    Setting(
        "BIHUAN_KEYS",
        "",
        str,
        "密钥文件，默认是数据文件夹里的 keys.toml",
        "key file; keys.toml in the data folder when empty",
    ),
    Setting(
        "DATABASE_URL",
        "",
        _database_address,
        "自备 PostgreSQL（15 以上）的地址，应用角色；不设则用内置数据库",
        "own PostgreSQL (15 up), application role; embedded database when empty",
    ),
    Setting(
        "BIHUAN_OWNER_URL",
        "",
        _database_address,
        "同一数据库的属主角色，只用于迁移；不设则用 DATABASE_URL",
        "owner role of the same database, for migrations only; DATABASE_URL when empty",
    ),
    Setting(
        "BIHUAN_PG_USER",
        "",
        str,
        "以 root 启动时，运行内置数据库的系统账户；默认依次找 bihuan、postgres、nobody",
        "system account of the embedded database when started by root; "
        "else the first of bihuan, postgres, nobody",
    ),
    Setting(
        "BIHUAN_HOST",
        "127.0.0.1",
        str,
        "监听的地址；对外服务请放在反向代理后面",
        "address to listen on; put a reverse proxy in front to serve others",
    ),
    Setting("PORT", "8000", _count(1, 65535), "监听的端口", "port to listen on"),
    Setting(
        "BIHUAN_PUBLIC_URL",
        "",
        _web_address,
        "居民看到的网址，用于链接和二维码；https 时启用安全 Cookie",
        "address residents see, for links and QR codes; https turns on secure cookies",
    ),
    Setting(
        "BIHUAN_ALLOWED_HOSTS",
        "",
        _list,
        "还可以用哪些主机名访问，逗号分隔",
        "further host names it may be reached by, separated by commas",
    ),
    Setting(
        "BIHUAN_BEHIND_PROXY",
        "0",
        _yes,
        "1：相信反向代理的 X-Forwarded-Proto 和 X-Forwarded-For",
        "1: believe the reverse proxy's X-Forwarded-Proto and X-Forwarded-For",
    ),
    Setting("BIHUAN_WORKERS", "2", _count(1, 64), "网页进程数", "web processes"),
    Setting(
        "BIHUAN_THREADS",
        "8",
        _count(1, 64),
        "每个网页进程的线程数，也是它的数据库连接数",
        "threads a web process, and its database connections",
    ),
    Setting(
        "BIHUAN_REPORTS_AN_HOUR",
        "120",
        _count(0, 1_000_000),
        "同一网络地址每小时可匿名提交多少件（每个网页进程分别计数），0 为不限",
        "anonymous reports an hour from one address, counted by each web process; 0 = no limit",
    ),
    Setting(
        "BIHUAN_FIELD_CIPHER",
        "aes-256-gcm",
        _one_of("aes-256-gcm", "sm4-gcm"),
        "手机号等字段的加密算法：aes-256-gcm 或 sm4-gcm",
        "cipher of phones and other fields: aes-256-gcm or sm4-gcm",
    ),
    Setting(
        "BIHUAN_SMS_URL",
        "",
        _web_address,
        "短信网关的网址，以 JSON {to, text, key} 提交；不设则不发短信（演示库只显示）",
        "gateway for text messages, gets JSON {to, text, key}; "
        "none are sent when it is empty (a demo shows them)",
    ),
    Setting(
        "BIHUAN_SMS_SECRET",
        "",
        str,
        "给短信请求签名的密钥（X-Bihuan-Signature，HMAC-SHA256）",
        "signs what is sent to the gateway (X-Bihuan-Signature, HMAC-SHA256)",
    ),
    Setting(
        "BIHUAN_SMS_HEADERS",
        "",
        _headers,
        "短信请求另加的请求头，用竖线分隔，如 Authorization: Bearer …",
        "further headers for the gateway, separated by bars, like Authorization: Bearer …",
    ),
    Setting(
        "BIHUAN_WEBHOOK_HOSTS",
        "",
        _list,
        "允许推送（webhook）到的内部网络主机名，逗号分隔；公网的只能用 https",
        "hosts inside the network that webhooks may call, separated by commas; others need https",
    ),
    Setting(
        "BIHUAN_LOG_LEVEL",
        "INFO",
        _one_of("DEBUG", "INFO", "WARNING", "ERROR"),
        "日志级别",
        "how much is logged",
    ),
    Setting(
        "BIHUAN_PROCESS",
        "command",
        _one_of("command", "web", "worker"),
        "由 bihuan run 自己设：这个进程做什么",
        "set by `bihuan run` itself: what this process does",
    ),
)


def value(name: str) -> Any:
    """Read one setting; raises Trouble when it is wrong or not in the table."""
    setting = next(s for s in SETTINGS if s.name == name)
    text = os.environ.get(name, "").strip() or setting.default
    try:
        return setting.read(text)
    except ValueError as why:
        secret = name.endswith(("_SECRET", "_HEADERS")) or (name.endswith("_URL") and "@" in text)
        shown = "…" if secret else text  # no password on screens
        raise Trouble(
            f"设置 {name}={shown} 不对，应为：{why}",
            f"The setting {name}={shown} is wrong, it should be: {why}",
        ) from why


def data_folder() -> Path:
    """Give the data folder (it may not exist yet)."""
    path: Path = value("BIHUAN_DATA")
    return (CLONE / path).resolve()


def keys_file() -> Path:
    """Give the key file's path (it may not exist yet)."""
    return Path(value("BIHUAN_KEYS") or data_folder() / "keys.toml").resolve()
