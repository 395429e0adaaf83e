# The developers' and the county's commands. `make help` lists them; .venv is made when needed.
#   PYTHON=python3.12 make run     another Python
#   PORT=8080 make run             another port; every setting: .venv/bin/bihuan settings

VENV := .venv
BIN := $(VENV)/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_ROOT_USER_ACTION := ignore
PYTHON ?= $(firstword $(foreach p,python3 python3.13 python3.12 python3.11,$(shell $(p) -c \
	'import sys; sys.version_info >= (3, 11) and print("$(p)")' 2>/dev/null)))
RUN := $(VENV)/.run-ready
DEV := $(VENV)/.dev-ready

.DEFAULT_GOAL := help
.PHONY: help run setup test check bench format wheels clean

help: ## 列出全部命令 list the commands
	@grep -hE '^[a-z]+:.*##' Makefile | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

run: $(RUN) ## 启动整个平台，Ctrl-C 停止 start everything; Ctrl-C stops it
	@exec $(BIN)/bihuan run

setup: $(RUN) ## 建立本县自己的空库和第一位管理员 found your own empty county
	@exec $(BIN)/bihuan setup

test: $(DEV) ## 运行全部测试（含浏览器）；ARGS="-k 网格" 只跑一部分 run all tests
	$(BIN)/python tools/browser.py
	$(BIN)/python -m pytest -n auto --dist loadgroup $(ARGS)

check: $(DEV) ## 格式、类型、分层、规矩、文字 format, types, layers, house rules, words
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy bihuan tools
	$(BIN)/lint-imports
	$(BIN)/python tools/house_rules.py bihuan
	$(BIN)/djlint bihuan --check --lint --quiet
	$(BIN)/codespell
	$(BIN)/python -W ignore manage.py makemigrations --check --dry-run

bench: $(DEV) ## 测速度：上报、定位、看板 measure intake, locating, the board
	$(BIN)/python bench/intake.py
	$(BIN)/python bench/locate.py
	$(BIN)/python bench/board.py

format: $(DEV) ## 整理代码格式 format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

wheels: $(RUN) ## 下载离线安装用的全部包到 wheelhouse/ fetch all packages for a machine without network
	$(BIN)/python -m pip download --quiet --dest wheelhouse --requirement requirements/run.txt

clean: ## 删除虚拟环境和缓存，数据不动 remove .venv and caches; data stays
	rm -rf $(VENV) build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

# ---- the virtual environment: made once, renewed when a pinned list changes ----------------------
# Without network: PIP_NO_INDEX=1 PIP_FIND_LINKS=wheelhouse make run

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "需要 Python 3.11 或更新的版本。 Python 3.11 or newer is needed."; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "不能建立虚拟环境，请先安装 python3-venv。" \
		"Cannot make a virtual environment: install python3-venv first."; exit 1; }

$(RUN): requirements/run.txt pyproject.toml | $(BIN)/python
	@echo "正在安装依赖…… Installing what is needed …"
	@$(BIN)/python -m pip install --quiet --requirement requirements/run.txt || { \
		echo "依赖没装上：请检查网络，或用离线包（docs/operate.md）。" \
		"The packages could not be installed: check the network, or use a wheelhouse."; exit 1; }
	@$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

$(DEV): requirements/dev.txt $(RUN)
	@echo "正在安装测试工具…… Installing the tools for tests …"
	@$(BIN)/python -m pip install --quiet --requirement requirements/dev.txt
	@touch $@
