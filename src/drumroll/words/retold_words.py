"""The sentences that ``retold`` finds again: of what was sent, of the command line, of the figures that it checks.

Each stands here as it is said elsewhere, with its facts named; ``tests/words/test_retold.py`` holds them against that.
What is more particular stands before what is less.
"""

from __future__ import annotations

from typing import Final

from drumroll.words.problem_words import worded

_ALLOWED = (
    worded("a state of an order"),
    worded("a time like %(example)s"),
    worded("a time as in RFC 3339"),
    worded("a day like %(example)s"),
    worded("a year from %(first)s to %(last)s"),
    worded("the 'next' of the page before"),
)

SENT: Final = (
    # What msgspec says of a body: its own words, as they are in the version that is pinned.
    worded("%(said)s - at `%(path)s`"),
    worded("Object missing required field `%(field)s`"),
    worded("Object contains unknown field `%(field)s`"),
    worded("Expected `%(wanted)s` of length %(bound)s"),
    worded("Expected `%(wanted)s`, got `%(found)s`"),
    worded("Expected `%(wanted)s` matching regex %(pattern)s"),
    worded("Expected `%(wanted)s` %(bound)s"),
    worded("Invalid enum value '%(found)s'"),
    worded("Input data was truncated"),
    worded("JSON is malformed: %(why)s (byte %(byte)s)"),
    worded("invalid character"),
    worded("object keys must be strings"),
    worded("trailing characters"),
    worded("expected %(sign)s"),
    worded("Invalid value %(value)s"),
    worded("The body is not JSON: %(why)s."),
    worded("The body can't be read: %(why)s."),
    worded("The body did not come within %(limit)s s."),
    worded("The connection ended before the body did."),
    worded("Content-Length is not a number of bytes."),
    worded("The form can't be read: at most %(limit)s fields in UTF-8."),
    worded("Validation failed for %(method)s %(path)s"),
    worded("The query has %(count)s characters; allowed: %(limit)s."),
    worded("The query can't be read: allowed are at most %(limit)s fields in UTF-8."),
    worded("percent, weekly: send one of the two."),
    worded("kind: market needs quotes, and this server was given none."),
    worded("Of order %(order)s %(amount)s (minor units) are forfeited; found %(found)s, allowed: 1 to %(most)s."),
    worded(
        "Of order %(order)s %(amount)s (minor units) are forfeited; found %(found)s, allowed: nothing. To give back"
        " what is held, cancel the order with a refund."
    ),
    worded("A window can close after %(after)s only."),
    worded("This is no plan for this log: %(why)s. The old plan stands."),
    worded("there is no order %(order)s"),
    worded("order %(order)s is there twice"),
    worded("order %(order)s is delivered after the promised weeks"),
    worded("no plant builds %(model)s, which order %(order)s is for"),
    worded("%(resource)s has %(capacity)s in the week of %(week)s, and it needs %(count)s"),
    worded("the week of %(week)s can't be planned any more (from %(first)s on)"),
    worded("there is no plant or limit %(resource)s"),
    worded("promised weeks must follow each other, %(most)s at most; found %(weeks)s"),
    worded("webhook-id, webhook-timestamp and webhook-signature are needed, in ASCII"),
    worded("webhook-timestamp is not a whole number of seconds"),
    worded("webhook-id is missing or longer than 256 characters"),
    worded("payment_id, order_id and currency are printable ASCII"),
    worded("the webhook's body can't be read: %(why)s"),
    worded("%(field)s: found %(found)s, allowed: %(allowed)s."),
    worded("%(field)s: there is no such field; there are: %(fields)s."),
    worded("%(field)s: give an offset (Z or +08:00) and a year from 2000 to 2199."),
    worded("%(field)s: send it once."),
    worded("%(field)s: missing; send /v1/quotes?model=<id>&trim=<id>."),
    worded("%(field)s: missing."),
    worded("%(field)s: %(count)s characters; allowed: %(limit)s."),
    worded("options: %(count)s choices; allowed: %(limit)s."),
    *_ALLOWED,
    worded("%(said)s."),
)
"""What was wrong with a request: the ``detail`` of codes that say nothing more of it themselves."""

COMMANDS: Final = (
    worded("what if can't be answered as asked:"),
    worded(
        "--from: found the week of %(week)s, allowed: %(first)s or later; the weeks before are past or frozen, and no"
        " plan touches them"
    ),
    worded(
        "--from: found the week of %(week)s, allowed: before %(end)s, where the calendar ends; ask earlier, or raise"
        " horizon_weeks in [promise]"
    ),
    worded("--convert: found orders to convert, but the launch has no [[conversion]]; add a window, or leave it out"),
    worded(
        "--convert: found no locked order of %(models)s to convert; declare a [[backlog]] of them in the launch file,"
        " give the --log that has them, or leave it out"
    ),
    worded("--log: found no orders in %(log)s; leave --log out to assume some"),
    worded("--resource: found %(found)s, allowed: %(known)s; name one of these"),
    worded("%(path)s: there are no orders yet, so there is nothing to plan."),
    worded("%(path)s: there are no orders yet, so nothing was promised."),
    worded("the log has no launch yet; start a server with it, or name another log"),
    worded(
        "the launch %(launch)s has no plants, so nothing can be planned; add a [[plant]] with its weeks to the launch"
        " file (docs/launch-file.md)"
    ),
    worded(
        "the calendar ends with %(last)s, and %(week)s is the first week that a plan may touch; raise horizon_weeks in"
        " [promise] of the launch file"
    ),
    worded("%(log)s has no launch yet, so there are no books: start its server once"),
    worded(
        "launch %(launch)s: found no [finance], allowed: one with vat_percent, so that it is known what VAT the prices"
        " contain; add it to the launch file and name that file (docs/launch-file.md)"
    ),
    worded(
        "%(launch)s has no %(table)s: add [outlook.diffusion] and at least one [[outlook.scenario]] with an id and a"
        " name to the launch file (docs/launch-file.md), and give that file, with the log or without"
    ),
    worded(
        "%(launch)s has no [[plant]], so nothing says what can be delivered; add one with its weeks"
        " (docs/launch-file.md)"
    ),
    worded(
        "a forecast is made from minute 3 on (second %(first)s); found second %(found)s after the opening: before that"
        " the curve has no shape. Ask for a later moment, or wait"
    ),
    worded(
        "a forecast is made from minute 3 on (second %(first)s); the last point by second %(by)s is at second %(at)s."
        " Give a later one"
    ),
    worded("nothing is known by second %(by)s: the first point is at second %(first)s"),
    worded(
        "a curve needs at least %(least)s points; found %(count)s: %(found)s. Wait for more, or add the opening (0, 0)"
    ),
    worded("%(log)s has no launch, so there is no curve. Give the log of a launch that has opened"),
    worded(
        "two launches mixed: %(log)s is the log of %(one)s, the launch file is of %(other)s; leave the file out, or"
        " give that of %(right)s"
    ),
    worded("%(log)s is the log of %(found)s, asked about %(asked)s"),
    worded("the launch %(launch)s has no table [market]: see docs/launch-file.md"),
    worded("no quotes of %(code)s; there are quotes of %(known)s"),
    worded("%(code)s has no quote on %(day)s; it has %(count)s from %(first)s to %(last)s"),
    worded("%(code)s has no previous close on %(day)s: nothing to hold its prices against"),
    worded(
        "%(day)s is no session of %(exchange)s (before: %(before)s, after: %(after)s); an event may be moved to the"
        " next or the previous one"
    ),
    worded("%(day)s is outside the calendar of %(exchange)s: %(first)s to %(last)s"),
)
"""Why a command that a job ran did nothing."""

FIGURES: Final = (
    worded("the log ends before that moment"),
    worded("needs a log (--log)"),
    worded("no order stood at that moment in the log"),
    worded("no count of orders is known: needs a log (--log)"),
    worded("it is in %(unit)s, and the launch's money in %(currency)s"),
    worded("cut off, not rounded"),
    worded("it was rounded to the nearest %(figure)s"),
    worded("different stages are compared"),
    worded("what it is divided by is 0"),
    worded("its parts are far enough from the bounds that were published of them"),
    worded("orders in the log: %(figure)s"),
    worded("locked orders in the log: %(figure)s"),
    worded("%(converted)s of %(orders)s orders in the log, %(share)s"),
    worded("%(above)s / %(below)s = %(value)s"),
    worded("%(above)s / %(below)s"),
    worded("previous close %(figure)s"),
    worded("%(price)s (intraday), %(close)s (close)"),
    worded("%(price)s (intraday)"),
    worded("%(price)s (close)"),
    worded("%(figure)s hundred million %(unit)s"),
    worded("%(figure)s thousand %(unit)s"),
    worded("%(figure)s million %(unit)s"),
    worded("%(figure)s billion %(unit)s"),
    worded("%(figure)s trillion %(unit)s"),
    worded("%(figure)s on %(day)s"),
)
"""What published figures were held against, in the words of ``outlook.published*`` and ``market.report_claims``."""
