"""Settings. One file; every value comes from the environment or has a safe default.

The table of what the environment may say is base/environment.py.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from csp.constants import NONE, SELF

from bihuan.base import keyfile
from bihuan.base.environment import data_folder, keys_file, value

ROOT = Path(__file__).resolve().parent.parent

# ---- folder, keys --------------------------------------------------------------------------------

DATA = data_folder()
KEYS_FILE = keys_file()
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
    "bihuan.web.api.in_form",
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
                "bihuan.web.context.look",
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
# who goes on guessing while locked out does not lengthen it: the owner may share their address
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_LOCKOUT_CALLABLE = "bihuan.accounts.pages.signing.locked_out"
AXES_CLIENT_IP_CALLABLE = "bihuan.accounts.network.address"
AXES_DISABLE_ACCESS_LOG = True  # accounts.SignIn is the log, append-only and without addresses
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

REPORTS_AN_HOUR: int = value("BIHUAN_REPORTS_AN_HOUR")

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
_STATIC = "django.contrib.staticfiles.storage.StaticFilesStorage"
STORAGES = {
    "default": {"BACKEND": "bihuan.matters.blobs.LocalDurableStorage"},
    "staticfiles": {"BACKEND": _STATIC if PROCESS == "command" else "bihuan.web.storage.Hashed"},
}
PROCRASTINATE_AUTODISCOVER_MODULE_NAME = "jobs"
PROCRASTINATE_WORKER_DEFAULTS = {"delete_jobs": "successful"}

# ---- logs: ids and facts, no names, no phones ----------------------------------------------------

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {
        "database_gone": {"()": "bihuan.web.health.ShortenDatabaseGone"},
        "secrets": {"()": "bihuan.base.redact.HideSecrets"},
    },
    "formatters": {
        "line": {"format": "%(asctime)s %(levelname)s %(name)s [%(process)d] %(message)s"}
    },
    "handlers": {
        "screen": {
            "class": "logging.StreamHandler",
            "formatter": "line",
            "filters": ["database_gone", "secrets"],
        }
    },
    "root": {"handlers": ["screen"], "level": value("BIHUAN_LOG_LEVEL")},
    "loggers": {
        "django": {"handlers": [], "level": "INFO", "propagate": True},
        "procrastinate": {"level": "WARNING"},
        "psycopg.pool": {"level": "ERROR"},  # one line a connection when the database is gone
        "axes": {"level": "ERROR"},  # it logs user names; accounts writes its own log
    },
}
