"""The launches that the forecast is tested on: published points (see docs/reference-launch.md)."""

from __future__ import annotations

from drumroll.outlook.prior import Earlier, Prior, prior_of

SU7 = ((240.0, 10_000), (420.0, 20_000), (1620.0, 50_000), (86_400.0, 88_898))
YU7 = ((180.0, 200_000), (3600.0, 289_000))


def su7_prior(within: float = 2.0, pace_within: float = 10.0) -> Prior:
    return prior_of(Earlier("SU7", SU7, times=3.0, within_factor=within, pace_within_factor=pace_within))
