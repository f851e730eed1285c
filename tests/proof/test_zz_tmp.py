import sys

sys.path.insert(0, "/work/main")
import random
import pytest
from tests.proof.test_independent_log import *


def test_x(night):
    data = night.receipts("o1")["firm"]
    chance = random.Random(5)
    for at, bit in ((a, b) for a in range(len(data)) for b in range(8)):
        wrong = data[:at] + bytes([data[at] ^ 1 << bit]) + data[at + 1 :]
        d = accepted(wrong, night)
        try:
            alone.check_receipt(wrong, night.keys)
            i = True
        except alone.Fault:
            i = False
        if d != i:
            import base64

            print(at, d, i, data[max(0, at - 20) : at + 20], wrong[max(0, at - 20) : at + 20])
            l = [x for x in wrong.split(b"\n") if x.startswith(b"extra")][0]
            print(base64.b64decode(l[6:]))
            try:
                parse_receipt(wrong)
            except ProofError as e:
                print(e)
    assert 0
