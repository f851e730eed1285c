"""Long work beside the server: our own command line on the order log, one job at a time.

A job only reads. It runs in a process of its own, niced, without the server's secrets, and ends with the server. What
it makes is a few files in ``<log>-jobs/``; the list of jobs is kept in memory, and gone when the server ends.
"""

from __future__ import annotations

import secrets
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from time import monotonic
from typing import Any, Literal

import msgspec

from drumroll.web.ops.jobs_kinds import FIGURES, KINDS, Kind, Sources, command_of
from drumroll.web.problems import Problem

WAITING_LIMIT = 8
KEPT = 24
"""Finished jobs whose files are kept."""
TIME_LIMIT_S = 600.0
LINES, LINE_LIMIT = 20, 400
FIGURES_LIMIT_BYTES = 16 * 1024 * 1024
OUTPUT_READ_BYTES = 16_384
RETRY_AFTER_S = 30
ENVIRONMENT = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8", "NO_COLOR": "1"}
"""All that a job is given: no setting, no secret."""

State = Literal["waiting", "running", "done", "failed"]


class Job(msgspec.Struct, frozen=True):
    """One piece of work. ``said``: the last lines of what it printed; ``failure`` as in ``FAILURES``."""

    id: str
    kind: Kind
    options: tuple[tuple[str, str], ...]
    by: str
    asked_at_ms: int
    folder: Path
    state: State = "waiting"
    began_s: float = 0.0
    took_s: float = 0.0
    failure: Literal["", "refused", "killed", "too_long", "not_started"] = ""
    said: tuple[str, ...] = ()

    @property
    def over(self) -> bool:
        """Whether nothing more comes of it."""
        return self.state in ("done", "failed")

    def option(self, name: str) -> str:
        """What was asked for; empty: nothing."""
        return dict(self.options).get(name, "")


class Jobs:
    """The jobs of a log. ``now_ms``: the clock that says when one was asked for."""

    def __init__(
        self, sources: Sources, folder: Path, now_ms: Callable[[], int], time_limit_s: float = TIME_LIMIT_S
    ) -> None:
        self.sources = sources
        self._folder = folder
        self._now_ms = now_ms
        self._time_limit_s = time_limit_s
        self._lock = threading.Lock()
        self._jobs: dict[str, Job] = {}
        self._worker: ThreadPoolExecutor | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._closed = False

    def start(self, kind: Kind, options: Mapping[str, str], by: str) -> Job:
        """Have it done, after those that wait. The same, asked for again before it is over, is the same job.

        Raises:
            Problem: ``invalid_request`` for what the kind does not take, ``too_many_requests`` if too many wait.
        """
        job = self._asked(kind, options, by)
        command = command_of(kind, options, self.sources, job.folder)
        with self._lock:
            same = (one for one in self._jobs.values() if not one.over)
            for one in same:
                if (one.kind, one.options) == (job.kind, job.options):
                    return one
            if self._closed or sum(one.state == "waiting" for one in self._jobs.values()) >= WAITING_LIMIT:
                detail = f"{WAITING_LIMIT} jobs wait already. Try again when one of them is done."
                raise Problem("too_many_requests", detail, {"retry_after_s": RETRY_AFTER_S}, RETRY_AFTER_S)
            self._worker = self._worker or self._begun()
            self._jobs[job.id] = job
            self._worker.submit(self._run, job.id, command)
        return job

    def job(self, job_id: str) -> Job | None:
        """A job, as it is now."""
        return self._jobs.get(job_id)

    def latest(self, kind: Kind) -> Job | None:
        """The last one of its kind that went well."""
        return next((one for one in self.all() if one.kind == kind and one.state == "done"), None)

    def all(self) -> list[Job]:
        """All that are known, the latest first."""
        return list(self._jobs.values())[::-1]

    def ahead_of(self, job: Job) -> int:
        """How many are done before a waiting one."""
        before = list(self._jobs)[: list(self._jobs).index(job.id)] if job.id in self._jobs else []
        return sum(not self._jobs[one].over for one in before)

    @property
    def pid(self) -> int | None:
        """The process of the job that runs."""
        process = self._process
        return process.pid if process is not None else None

    def close(self) -> None:
        """End what runs, and start nothing more."""
        with self._lock:
            self._closed = True
            worker, process = self._worker, self._process
        if process is not None:
            with suppress(OSError):
                process.kill()
        if worker is not None:
            worker.shutdown(wait=True, cancel_futures=True)

    def _asked(self, kind: Kind, options: Mapping[str, str], by: str) -> Job:
        job_id = secrets.token_hex(8)
        return Job(job_id, kind, tuple(sorted(options.items())), by, self._now_ms(), self._folder / f"job-{job_id}")

    def _begun(self) -> ThreadPoolExecutor:
        """The thread that waits for processes; and what an earlier server left goes."""
        for left in _folders(self._folder):
            shutil.rmtree(left, ignore_errors=True)
        return ThreadPoolExecutor(1, thread_name_prefix="jobs")

    # In the thread that waits

    def _run(self, job_id: str, command: list[str]) -> None:
        job, began = self._jobs[job_id], monotonic()
        try:
            job.folder.mkdir(parents=True, mode=0o700)
            self._jobs[job_id] = msgspec.structs.replace(job, state="running", began_s=began)
            failure = self._ran(job, command)
        except OSError:
            failure = "not_started"
        self._jobs[job_id] = msgspec.structs.replace(
            job,
            state="failed" if failure else "done",
            failure=failure,
            began_s=began,
            took_s=monotonic() - began,
            said=_last_lines(job.folder / "output.txt"),
        )
        self._forget()

    def _ran(self, job: Job, command: list[str]) -> str:
        """Run it to its end; why it failed, empty: it did not."""
        words = [sys.executable, "-m", "drumroll.web.ops.jobs_process", *command]
        with (job.folder / "output.txt").open("wb") as output:
            with self._lock:
                if self._closed:
                    return "killed"
                process = self._process = subprocess.Popen(
                    words, stdin=subprocess.PIPE, stdout=output, stderr=subprocess.STDOUT, env=ENVIRONMENT
                )
            try:
                code = process.wait(self._time_limit_s)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                return "too_long"
            finally:
                self._process = None
                if process.stdin is not None:
                    process.stdin.close()
        return "" if code == 0 else "killed" if code < 0 else "refused"

    def _forget(self) -> None:
        over = [one for one in self._jobs.values() if one.over]
        for one in over[: max(0, len(over) - KEPT)]:
            self._jobs.pop(one.id, None)
            shutil.rmtree(one.folder, ignore_errors=True)


def figures(job: Job) -> dict[str, Any] | None:
    """What a job found; ``None``: it had nothing to say."""
    path = job.folder / FIGURES
    try:
        if path.stat().st_size > FIGURES_LIMIT_BYTES:
            return None
        found: dict[str, Any] = msgspec.json.decode(path.read_bytes(), type=dict[str, Any])
    except (OSError, msgspec.DecodeError):
        return None
    return found


def file_of(job: Job, name: str) -> tuple[Path, str] | None:
    """A file that a job made and anybody with its permission may have, with its media type."""
    media_type = KINDS[job.kind].files.get(name)
    path = job.folder / name
    return (path, media_type) if media_type is not None and job.state == "done" and path.is_file() else None


def _last_lines(path: Path) -> tuple[str, ...]:
    with suppress(OSError), path.open("rb") as output:
        output.seek(max(0, path.stat().st_size - OUTPUT_READ_BYTES))
        lines = output.read().decode(errors="replace").splitlines()
        return tuple(line.rstrip()[:LINE_LIMIT] for line in lines if line.strip())[-LINES:]
    return ()


def _folders(folder: Path) -> Iterator[Path]:
    if folder.is_dir():
        yield from (path for path in folder.iterdir() if path.name.startswith("job-") and path.is_dir())
