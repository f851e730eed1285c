"""Logs that a witness watches, and witnesses as processes of their own. Hashes and proofs are the tests' own."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Sequence
from http.client import HTTPConnection
from pathlib import Path
from typing import NamedTuple

from drumroll.proof.note import COSIGNATURE, ED25519, Note, SigningKey, note_bytes, sign_note
from drumroll.transparency.keys import make_ring, open_ring
from tests.proof.naive_merkle import Tree

ORIGIN = "log.example.com/yu7"
KEY = SigningKey(ORIGIN, ED25519, bytes(range(32)))
STRANGER = SigningKey("log.example.com/another", ED25519, bytes(range(5, 37)))
IMPOSTOR = SigningKey(ORIGIN, ED25519, bytes(range(9, 41)))
WITNESS = SigningKey("witness.example/press", COSIGNATURE, bytes(range(2, 34)))
READY_S = 60


class Log:
    """A log of so many entries; one with a ``fork`` has other entries from there on than one without."""

    def __init__(self, size: int, fork: int | None = None, key: SigningKey = KEY, story: str = "other") -> None:
        same = size if fork is None else fork
        self.tree = Tree([f"{'entry' if number < same else story} {number}".encode() for number in range(size)])
        self.key = key

    def note(self, size: int, keys: Sequence[SigningKey] = ()) -> Note:
        root = b64encode(self.tree.root(size)).decode()
        return sign_note(f"{self.key.name}\n{size}\n{root}\n", keys or [self.key])

    def request(self, old: int, size: int, keys: Sequence[SigningKey] = ()) -> bytes:
        """The request for a cosignature, with the proof that this log gives."""
        return request(old, self.tree.consistency(old, size) if old <= size else [], note_bytes(self.note(size, keys)))


def request(old: object, proof: Sequence[bytes], checkpoint: bytes) -> bytes:
    lines = [f"old {old}", *(b64encode(one).decode() for one in proof)]
    return "".join(f"{line}\n" for line in lines).encode() + b"\n" + checkpoint


class Answered(NamedTuple):
    status: int
    body: bytes
    kind: str


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class RealWitness:
    """``drumroll witness`` as a process, with a key ring and a memory in ``folder``."""

    def __init__(self, folder: Path, trusted: Sequence[SigningKey] = (KEY,)) -> None:
        self.folder = folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.state = folder / "witness.state"
        self.output = folder / "output"
        if not (folder / "keys").exists():
            make_ring(folder / "keys", "witness.example/press", witness=True)
        key = open_ring(folder / "keys").witness
        assert key is not None
        self.key = key.verifier
        self._trusted = [key.verifier.text for key in trusted]
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> RealWitness:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def spawn(self, port: int | None = None) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "drumroll", "witness", "--keys", str(self.folder / "keys")]
        command += ["--state", str(self.state), "--port", str(port or self.port)]
        command += [part for key in self._trusted for part in ("--trust", key)]
        environment = {name: value for name, value in os.environ.items() if not name.startswith("DRUMROLL_")}
        with self.output.open("ab") as output:
            return subprocess.Popen(command, stdout=output, stderr=output, env=environment)

    def start(self) -> None:
        self._process = self.spawn()
        until = time.monotonic() + READY_S
        while time.monotonic() < until:
            assert self._process.poll() is None, self.said()
            try:
                if self.ask("GET", "/").status == 200:
                    return
            except OSError:
                time.sleep(0.01)
        self.kill()
        raise AssertionError(f"not ready: {self.said()}")

    def kill(self) -> None:
        """SIGKILL."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def end(self) -> int:
        """SIGTERM; the exit code."""
        assert self._process is not None
        self._process.terminate()
        return self._process.wait(10)

    def add(self, body: bytes) -> Answered:
        return self.ask("POST", "/add-checkpoint", body)

    def ask(self, method: str, path: str, body: bytes | None = None) -> Answered:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request(method, path, body)
            answer = connection.getresponse()
            return Answered(answer.status, answer.read(), answer.headers.get("content-type", ""))
        finally:
            connection.close()

    def said(self) -> str:
        return self.output.read_text(errors="replace")
