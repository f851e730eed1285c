"""A place that was answered and is gone after a SIGKILL."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from drumroll.room.draw import entry_id
from tests.room.house import KEY, SALE_MS, opened

JOINING = """
import asyncio, os, sys
from pathlib import Path
from tests.room.house import SALE_MS, opened

async def person(room, number):
    while True:
        place = await room.join(f"c{number}", SALE_MS - 1000)
        os.write(1, f"c{number} {place.entry_id}\\n".encode())
        number += 40

async def main():
    room, _ = opened(Path(sys.argv[1]))
    await asyncio.gather(*(person(room, number) for number in range(40)))

asyncio.run(main())
"""


@pytest.mark.parametrize("answers", [1, 333, 2000])
def test_a_process_killed_in_the_middle_loses_no_answered_place(tmp_path: Path, answers: int) -> None:
    process = subprocess.Popen([sys.executable, "-c", JOINING, str(tmp_path)], stdout=subprocess.PIPE)
    assert process.stdout is not None
    told = [process.stdout.readline() for _ in range(answers)]
    process.send_signal(signal.SIGKILL)
    told += process.stdout.readlines()
    process.wait()
    process.stdout.close()
    whole = [line.decode().split() for line in told if line.endswith(b"\n")]
    assert len(whole) >= answers
    room, store = opened(tmp_path)
    kept = [entry.hex() for entry in store.entrants()]
    assert len(set(kept)) == len(kept)
    for customer, entry in whole:
        assert entry == entry_id(KEY, "kite", customer)
        assert entry in kept
        assert room.place_of(customer, SALE_MS - 1000) is not None
    store.close()
