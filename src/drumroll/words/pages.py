"""Words in templates: gettext and filters for one environment of Jinja, which belongs to one language."""

from __future__ import annotations

from jinja2 import Environment

from drumroll.words.catalog import Words


def install(environment: Environment, words: Words) -> None:
    """Give an environment its language: ``_``, ``gettext``, ``ngettext``, ``pgettext``, ``{% trans %}``, and filters.

    Facts in a sentence are escaped; the sentence itself may hold markup. In ``ngettext`` the number is ``%(num)s``:
    give it as ``num=n|number`` where it may have four digits. Filters: ``money(currency)``, ``number(decimals)``,
    ``percent(decimals)``, ``moment(zone)``, ``day``, ``days(until)``, ``weeks(last)``, ``span``, ``listed``. Globals:
    ``words``, ``lang``. Raises ``ValueError`` if the environment does not escape.
    """
    if not environment.autoescape:
        raise ValueError("autoescape: found False, allowed: True or a function; facts come from people")
    environment.add_extension("jinja2.ext.i18n")
    environment.install_gettext_callables(  # type: ignore[attr-defined]
        words.found,
        words.found_n,
        newstyle=True,
        pgettext=lambda context, message: words.found(message, context),
        npgettext=lambda context, one, many, n: words.found_n(one, many, n, context),
    )
    environment.filters.update(
        money=words.money,
        number=words.number,
        percent=words.percent,
        moment=words.moment,
        day=words.day,
        days=words.days,
        weeks=words.weeks,
        span=words.span,
        listed=words.listed,
    )
    environment.globals.update(words=words, lang=words.tag)
