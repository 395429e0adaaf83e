"""Something that went wrong outside the code, told in one clear sentence instead of a traceback."""

from __future__ import annotations


class Trouble(Exception):
    """Says what happened and what to do, in Chinese and in English."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(f"{zh}\n{en}")
        self.zh = zh
        self.en = en
