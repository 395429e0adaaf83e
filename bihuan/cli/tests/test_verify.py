from __future__ import annotations

import json
from pathlib import Path

import pytest
from django.core.files.storage import default_storage

from bihuan.base.trouble import Trouble
from bihuan.cli.house import House
from bihuan.cli.verify import SEAL, check, read_receipt
from bihuan.matters import actions, blobs, jobs, seal
from bihuan.matters.actions.photos import Kept
from bihuan.matters.database import connected
from bihuan.matters.models import Attachment
from bihuan.matters.tests.owner import address
from bihuan.matters.tests.ways import Ways

LINE = {"number": "SP-20261123-000001", "seq": 1, "hash": "00" * 32, "seal": 1, "root": "00" * 32}
WHOLE = LINE | {"path": [["left", "11" * 32]]}


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", "null", "\x00", '{"lines": [{"hash": "zz"}]}', json.dumps(LINE),
     json.dumps(WHOLE | {"path": [["left", "zz"]]}), json.dumps(WHOLE | {"seq": "first"})],
)  # fmt: skip
def test_a_receipt_that_cannot_be_read_is_one_sentence(text: str, tmp_path: Path) -> None:
    file = tmp_path / "receipt.json"
    file.write_text(text)
    with pytest.raises(Trouble):
        read_receipt(file)


def test_a_receipt_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(Trouble):
        read_receipt(tmp_path / "missing.json")


def test_a_receipt_is_read_whole_or_a_line_of_it(tmp_path: Path) -> None:
    file = tmp_path / "receipt.json"
    for kept in (WHOLE, {"number": WHOLE["number"], "lines": [WHOLE]}):
        file.write_text(json.dumps(kept))
        assert read_receipt(file) == [WHOLE]


def test_a_seal_is_a_number_and_64_hex_digits() -> None:
    assert SEAL.fullmatch("12:" + "ab" * 32)
    for wrong in ("12", "12:ab", "x:" + "ab" * 32, "12:" + "AB" * 32, "12:" + "ab" * 32 + "\n"):
        assert not SEAL.fullmatch(wrong)


@pytest.mark.django_db(transaction=True)
def test_verify_tells_what_it_found_and_ends_with_one(
    ways: Ways, capsys: pytest.CaptureFixture[str]
) -> None:
    house = House(app_url=address(), owner_url=address(), server=None)
    name = blobs.keep(b"a photo", "jpg")
    digest = bytes.fromhex(name.split("/")[-1].split(".")[0])
    pk = ways.handling()
    photo = Kept(name, name, digest, 7, 1, 1)
    actions.add_note(matter_id=pk, note="", photos=[photo], by=ways.cast.worker, at=ways.at)
    jobs.seal_all(at=ways.at)
    number = Attachment.objects.get().matter.number
    kept = seal.receipt(connected(), number=number, seq=1)
    assert check(house, at=ways.at, receipts=[kept], files=True) == 0
    assert check(house, at=ways.at, against="1:" + "00" * 32) == 1
    assert "seal 1: the published seal is not here" in capsys.readouterr().out
    assert check(house, at=ways.at, receipts=[kept | {"hash": "00" * 32}]) == 1
    assert f"seal 1 does not hold line 1 of {number}" in capsys.readouterr().out
    default_storage.delete(name)
    assert check(house, at=ways.at) == 0
    assert check(house, at=ways.at, files=True) == 1
    assert f"file {name} is gone or damaged" in capsys.readouterr().out
