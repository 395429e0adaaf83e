"""Settings. One file; every value comes from the environment or has a safe default.

`SETTINGS` is the table of all of them: `bihuan settings` prints it, docs/operate.md shows it, and
a test holds it against the code. A wrong value ends the start with one sentence.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from csp.constants import NONE, SELF

from bihuan.base import keyfile
from bihuan.base.trouble import Trouble

ROOT = Path(__file__).resolve().parent.parent
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
        "数据文件夹:内置数据库、附件、密钥",
        "data folder: embedded database, attachments, keys",
    ),
    Setting(
        "BIHUAN_KEYS",
        "",
        str,
        "密钥文件,默认是数据文件夹里的 keys.toml",
        "key file; keys.toml in the data folder when empty",
    ),
    Setting(
        "DATABASE_URL",
        "",
        _database_address,
        "自备 PostgreSQL(15 以上)的地址,应用角色;不设则用内置数据库",
        "own PostgreSQL (15 up), application role; embedded database when empty",
    ),
    Setting(
        "BIHUAN_OWNER_URL",
        "",
        _database_address,
        "同一数据库的属主角色,只用于迁移;不设则用 DATABASE_URL",
        "owner role of the same database, for migrations only; DATABASE_URL when empty",
    ),
    Setting(
        "BIHUAN_PG_USER",
        "",
        str,
        "以 root 启动时,运行内置数据库的系统账户;默认依次找 bihuan、postgres、nobody",
        "system account of the embedded database when started by root; "
        "else the first of bihuan, postgres, nobody",
    ),
    Setting(
        "BIHUAN_HOST",
        "127.0.0.1",
        str,
        "监听的地址;对外服务请放在反向代理后面",
        "address to listen on; put a reverse proxy in front to serve others",
    ),
    Setting("PORT", "8000", _count(1, 65535), "监听的端口", "port to listen on"),
    Setting(
        "BIHUAN_PUBLIC_URL",
        "",
        _web_address,
        "居民看到的网址,用于链接和二维码;https 时启用安全 Cookie",
        "address residents see, for links and QR codes; https turns on secure cookies",
    ),
    Setting(
        "BIHUAN_ALLOWED_HOSTS",
        "",
        _list,
        "还可以用哪些主机名访问,逗号分隔",
        "further host names it may be reached by, separated by commas",
    ),
    Setting(
        "BIHUAN_BEHIND_PROXY",
        "0",
        _yes,
        "1:相信反向代理的 X-Forwarded-Proto 和 X-Forwarded-For",
        "1: believe the reverse proxy's X-Forwarded-Proto and X-Forwarded-For",
    ),
    Setting("BIHUAN_WORKERS", "2", _count(1, 64), "网页进程数", "web processes"),
    Setting(
        "BIHUAN_THREADS",
        "8",
        _count(1, 64),
        "每个网页进程的线程数,也是它的数据库连接数",
        "threads a web process, and its database connections",
    ),
    Setting(
        "BIHUAN_FIELD_CIPHER",
        "aes-256-gcm",
        _one_of("aes-256-gcm", "sm4-gcm"),
        "手机号等字段的加密算法:aes-256-gcm 或 sm4-gcm",
        "cipher of phones and other fields: aes-256-gcm or sm4-gcm",
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
        "由 bihuan run 自己设:这个进程做什么",
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
        shown = "…" if name.endswith("_URL") and "@" in text else text  # no password on screens
        raise Trouble(
            f"设置 {name}={shown} 不对,应为:{why}",
            f"The setting {name}={shown} is wrong, it should be: {why}",
        ) from why


# ---- folder, keys --------------------------------------------------------------------------------

DATA: Path = (CLONE / value("BIHUAN_DATA")).resolve()
KEYS_FILE = Path(value("BIHUAN_KEYS") or DATA / "keys.toml").resolve()
PROCESS: str = value("BIHUAN_PROCESS")
SECRET_KEY = ""  # empty until `bihuan run` or `bihuan setup` has made the key file: nothing serves
LOOKUP_KEY = TOKEN_KEY = b""
FIELD_KEYS: dict[str, bytes] = {}
FIELD_KEY = ""
FIELD_CIPHER: str = value("BIHUAN_FIELD_CIPHER")
if KEYS_FILE.exists():
    _keys = keyfile.read(KEYS_FILE)
    SECRET_KEY, LOOKUP_KEY, TOKEN_KEY = _keys.secret_key, _keys.lookup_key, _keys.token_key
    FIELD_KEYS, FIELD_KEY = _keys.field_keys, _keys.current

# ---- addresses -----------------------------------------------------------------------------------

DEBUG = False
HOST: str = value("BIHUAN_HOST")
PORT: int = value("PORT")
PUBLIC_URL: str = value("BIHUAN_PUBLIC_URL") or f"http://127.0.0.1:{PORT}"
_HTTPS = PUBLIC_URL.startswith("https:")
ALLOWED_HOSTS = sorted(
    {
        "127.0.0.1",
        "localhost",
        "[::1]",
        urlsplit(PUBLIC_URL).hostname or "",
        *value("BIHUAN_ALLOWED_HOSTS"),
    }
    | ({HOST} if HOST not in ("0.0.0.0", "::") else set())
)
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]
BEHIND_PROXY: bool = value("BIHUAN_BEHIND_PROXY")
if BEHIND_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    AXES_IPWARE_PROXY_COUNT = 1
    AXES_IPWARE_META_PRECEDENCE_ORDER = ["HTTP_X_FORWARDED_FOR", "REMOTE_ADDR"]

# ---- apps ----------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "axes",
    "csp",
    "django_htmx",
    "procrastinate.contrib.django",
    "bihuan.base",
    "bihuan.accounts",
    "bihuan.places",
    "bihuan.matters",
    "bihuan.reports",
    "bihuan.desk",
    "bihuan.web",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "bihuan.accounts.middleware.actor",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "axes.middleware.AxesMiddleware",
]
ROOT_URLCONF = "bihuan.web.urls"
WSGI_APPLICATION = "bihuan.web.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "django.template.context_processors.i18n",
            ]
        },
    }
]

# ---- people --------------------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.Person"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
_VALIDATORS = "django.contrib.auth.password_validation."
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": _VALIDATORS + "UserAttributeSimilarityValidator"},
    {"NAME": _VALIDATORS + "MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": _VALIDATORS + "CommonPasswordValidator"},
    {"NAME": _VALIDATORS + "NumericPasswordValidator"},
]
LOGIN_URL = "/login"
LOGIN_REDIRECT_URL = "/"
SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_NAME = "bihuan_session"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = _HTTPS
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_NAME = "bihuan_csrf"
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_VERBOSE = False

# ---- what browsers are told ----------------------------------------------------------------------

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:", "blob:"],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
SECURE_REFERRER_POLICY = "same-origin"
SECURE_HSTS_SECONDS = 30 * 86400 if _HTTPS else 0
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024  # of a form's words; files are counted apart
DATA_UPLOAD_MAX_NUMBER_FIELDS = 1000

# ---- database ------------------------------------------------------------------------------------


def database(url: str) -> dict[str, Any]:
    """Turn postgresql://user:word@host:port/name?host=/socket&sslmode=… into Django's words."""
    parts = urlsplit(url)
    options: dict[str, Any] = dict(parse_qsl(parts.query))
    host = options.pop("host", parts.hostname or "")
    options["prepare_threshold"] = 5
    options["connect_timeout"] = 5
    if PROCESS == "web":
        threads = value("BIHUAN_THREADS")
        options["pool"] = {"min_size": threads, "max_size": threads, "timeout": 10}
        options["options"] = "-c statement_timeout=20s -c idle_in_transaction_session_timeout=60s"
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": host,
        "PORT": str(parts.port or ""),
        "OPTIONS": options,
    }


# Without an address nothing connects: commands that need the database start the embedded one
# and set the address before they load these settings (cli/database.py).
DATABASES = {"default": database(value("DATABASE_URL") or "postgresql:///bihuan")}

# ---- words, time, files --------------------------------------------------------------------------

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "中文"), ("en", "English")]
LOCALE_PATHS = [ROOT / "bihuan" / "web" / "locale"]
TIME_ZONE = "Asia/Shanghai"
USE_TZ = True
STATIC_URL = "/static/"
STATIC_ROOT = DATA / "static"
MEDIA_ROOT = DATA / "files"
WHITENOISE_KEEP_ONLY_HASHED_FILES = False
_STATIC = "django.contrib.staticfiles.storage.StaticFilesStorage"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": _STATIC if PROCESS == "command" else "bihuan.web.storage.Hashed"},
}
PROCRASTINATE_AUTODISCOVER_MODULE_NAME = "jobs"
PROCRASTINATE_WORKER_DEFAULTS = {"delete_jobs": "successful"}

# ---- logs: ids and facts, no names, no phones ----------------------------------------------------

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"database_gone": {"()": "bihuan.web.health.ShortenDatabaseGone"}},
    "formatters": {
        "line": {"format": "%(asctime)s %(levelname)s %(name)s [%(process)d] %(message)s"}
    },
    "handlers": {
        "screen": {
            "class": "logging.StreamHandler",
            "formatter": "line",
            "filters": ["database_gone"],
        }
    },
    "root": {"handlers": ["screen"], "level": value("BIHUAN_LOG_LEVEL")},
    "loggers": {
        "django": {"handlers": [], "level": "INFO", "propagate": True},
        "procrastinate": {"level": "WARNING"},
        "axes": {"level": "ERROR"},  # it logs user names; accounts writes its own log
    },
}
