"""What a job runs in: our own command line, niced, which ends when whoever started it ends, however that came.

Its standard input is a pipe on which nothing ever comes (as of ``webhooks.child``); where it ends, so does this.
"""

from __future__ import annotations

import os
import resource
import runpy
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress

NICE = 10
FILE_LIMIT_BYTES = 2 * 1024**3
ENDED = 70
"""The exit code if the server is gone (``EX_SOFTWARE`` of sysexits.h)."""


def main(arguments: Sequence[str]) -> None:
    """Run ``drumroll`` with these arguments; it exits as that does."""
    with suppress(OSError):
        os.nice(NICE)
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_FSIZE, (FILE_LIMIT_BYTES, FILE_LIMIT_BYTES))
    threading.Thread(target=_end_with_the_server, daemon=True).start()
    sys.argv = ["drumroll", *arguments]
    # By its name, as a shell would: these pages know nothing of the command line.
    runpy.run_module("drumroll", run_name="__main__")


def _end_with_the_server() -> None:
    while os.read(0, 1024):
        pass
    os._exit(ENDED)


if __name__ == "__main__":
    main(sys.argv[1:])
