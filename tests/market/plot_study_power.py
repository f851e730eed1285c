"""Draws docs/event-study-power.svg and prints the tables of docs/event-study.md.

Run from the root of the repository: ``python -m tests.market.plot_study_power``. Needs matplotlib.
"""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
import numpy as np
from scipy import stats

from tests.market.simulations import FIRMS, NULLS, TESTS, rejections

SEED = 20250627
EFFECTS = np.linspace(0, 1, 11)
PICTURE = Path(__file__).parents[2] / "docs" / "event-study-power.svg"
STYLES = ("-", "--", "-.", ":", (0, (5, 1)), (0, (1, 1)))


def size_table() -> None:
    """Rejections of a true null, in percent, of every test under every null."""
    print("| null | sessions |", " | ".join(TESTS), "|")
    for null in NULLS:
        for length in (30, 120, 250):
            sizes = rejections(SEED, null, length)
            print(f"| {null} | {length} |", " | ".join(f"{sizes[test]:.1%}" for test in TESTS), "|", flush=True)


def sign_table() -> None:
    """The generalised sign test's size for an expected share of a half: exact, from the binomial."""
    for firms in (5, 10, 20, 30, 40, 50, 60, 100, 200, 500):
        positive = np.arange(firms + 1)
        rejected = np.abs(positive - firms / 2) / np.sqrt(firms / 4) > stats.norm.ppf(0.975)
        print(f"| {firms} | {stats.binom.pmf(positive, firms, 0.5)[rejected].sum():.1%} |")


def draw() -> None:
    """Power against the effect, under the normal null and where the event raises the variance."""
    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = "drumroll"
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(1, 2, figsize=(10, 4.2), sharey=True)
    shown = {
        "normal": [t for t in TESTS if t != "kolari-pynnonen"],
        "event-induced": ["cross-sectional", "patell", "bmp"],
    }
    for axis, (null, tests) in zip(axes, shown.items(), strict=True):
        power = [rejections(SEED, null, 120, 2_000, effect=float(e), tests=tuple(tests)) for e in EFFECTS]
        for test, style in zip(tests, STYLES, strict=False):
            axis.plot(EFFECTS, [each[test] for each in power], linestyle=style, label=test)
        axis.axhline(0.05, color="grey", linewidth=0.8)
        axis.set(title=NULLS[null], xlabel="abnormal return, in standard deviations of the firm's residual")
        axis.title.set_fontsize(9)
        axis.legend(fontsize=8)
    axes[0].set_ylabel(f"share rejected at 5 % ({FIRMS} firms, 120 sessions)")
    figure.tight_layout()
    figure.savefig(PICTURE, metadata={"Date": None})


if __name__ == "__main__":
    sign_table()
    size_table()
    draw()
