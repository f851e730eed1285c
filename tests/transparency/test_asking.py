"""What the publisher says of witnesses that don't answer."""

from __future__ import annotations

from drumroll import bootstrap
from drumroll.proof.checkpoint import Checkpoint
from drumroll.proof.note import sign_note
from tests.transparency.test_following import WITNESS
from tests.transparency.test_publisher import KEY


def test_a_witness_that_is_left_alone_for_a_while_is_complained_of_once() -> None:
    said: list[str] = []
    ask = bootstrap._asking([("http://127.0.0.1:1", WITNESS.verifier.text)], said.append)
    note = sign_note(Checkpoint("example.com/launch", 1, bytes(32)).text, [KEY])
    for _ in range(5):
        assert ask(note, lambda size: None) == []  # type: ignore[arg-type, return-value]
    assert len(said) == 1
