"""``python -m drumroll``."""

from drumroll.cli.main import main

main()
