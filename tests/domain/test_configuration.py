"""Configurations against brute force: all sets of choices are listed, and those kept that the rules allow."""

from __future__ import annotations

from itertools import chain, combinations

from hypothesis import example, given
from hypothesis import strategies as st

from drumroll.domain.configuration import Configured, configure, defaults
from drumroll.domain.launch import Choice, Model, Option, Trim
from drumroll.domain.refusal import Code, Refusal

TRIMS = (Trim("base", "Base", 1000), Trim("top", "Top", 2000))
SIZES = ((1,), (2,), (3,), (1, 1), (2, 2), (3, 2), (2, 1, 2), (2, 2, 2))


@st.composite
def models(draw: st.DrawFn) -> Model:
    """Small models of any rules, those that no launch file may have too."""
    sizes = draw(st.sampled_from(SIZES))
    ids = [f"c{number}" for number in range(sum(sizes))]
    some = st.just(()) | st.just(()) | st.lists(st.sampled_from(ids), max_size=2, unique=True).map(tuple)
    subset = st.sampled_from(((), (), ("base",), ("top",), ("base", "top")))
    left, options = iter(ids), []
    for number, size in enumerate(sizes):
        choices = tuple(
            Choice(next(left), "C", draw(st.integers(0, 99)), draw(subset), draw(some), draw(some)) for _ in range(size)
        )
        options.append(Option(f"c{number}", "O", choices, many=draw(st.booleans())))
    return Model("m", "M", 0, None, TRIMS, options=tuple(options))


WANTED = st.lists(st.sampled_from([f"c{number}" for number in range(7)]), max_size=4).map(tuple)


def every_choice(model: Model) -> list[Choice]:
    return [choice for option in model.options for choice in option.choices]


def offered(option: Option, trim: Trim) -> list[str]:
    return [choice.id for choice in option.choices if choice.trims == () or trim.id in choice.trims]


def allowed(model: Model, trim: Trim, chosen: frozenset[str]) -> bool:
    """The rules, read off the launch file's page: every one of them by itself."""
    counts = all(
        len(chosen & {choice.id for choice in option.choices}) == min(1, len(offered(option, trim)))
        for option in model.options
        if not option.many
    )
    had = all(chosen & {one.id for one in option.choices} <= set(offered(option, trim)) for option in model.options)
    taken = [choice for choice in every_choice(model) if choice.id in chosen]
    together = all(chosen.issuperset(one.requires) and chosen.isdisjoint(one.excludes) for one in taken)
    return counts and had and together


def by_default(model: Model, trim: Trim, added: frozenset[str], wanted: tuple[str, ...]) -> bool:
    """Whether nothing was added but the first choice of options without ``many`` of which nothing is wanted."""
    firsts = {
        offered(option, trim)[0]
        for option in model.options
        if not option.many and offered(option, trim) and not {one.id for one in option.choices} & set(wanted)
    }
    return added == firsts


def expected(model: Model, trim: Trim, wanted: tuple[str, ...]) -> list[frozenset[str]]:
    """The allowed sets that hold what is wanted, and beside it defaults only."""
    ids = [choice.id for choice in every_choice(model)]
    subsets = chain.from_iterable(combinations(ids, size) for size in range(len(ids) + 1))
    return [
        chosen
        for chosen in map(frozenset, subsets)
        if chosen.issuperset(wanted)
        and by_default(model, trim, chosen - set(wanted), wanted)
        and allowed(model, trim, chosen)
    ]


def is_broken(model: Model, trim: Trim, wanted: tuple[str, ...], refusal: Refusal) -> bool:
    """Whether the rule that a refusal names is really broken by what was wanted."""
    choice_id, rule = refusal.facts["choice"], refusal.facts["rule"]
    known = {choice.id: (option, choice) for option in model.options for choice in option.choices}
    if rule == "known":
        return choice_id in wanted and choice_id not in known
    option, choice = known[choice_id]
    if rule == "once":
        return wanted.count(choice_id) > 1
    if rule == "trims":
        return choice_id in wanted and choice_id not in offered(option, trim)
    if rule == "one":
        other = refusal.facts["other"]
        return (
            not option.many
            and other != choice_id
            and {choice_id, other} <= set(wanted) & {one.id for one in option.choices}
        )
    if rule == "requires":
        return refusal.facts["requires"] in choice.requires and refusal.facts["requires"] not in wanted
    return rule == "excludes" and refusal.facts["excludes"] in choice.excludes


@given(models(), st.sampled_from(TRIMS), WANTED)
@example(
    Model(
        "m",
        "M",
        0,
        None,
        TRIMS,
        options=(
            Option("c1", "O", (Choice("c0", "C"),), many=True),
            Option("c0", "O", (Choice("c1", "C"), Choice("c2", "C"))),
        ),
    ),
    TRIMS[0],
    ("c0", "c2"),
)
def test_a_configuration_is_the_one_that_the_rules_allow_and_else_is_refused(
    model: Model, trim: Trim, wanted: tuple[str, ...]
) -> None:
    answer = configure(model, trim, wanted)
    sets = expected(model, trim, wanted) if len(set(wanted)) == len(wanted) else []
    if isinstance(answer, Refusal):
        assert sets == []
        assert is_broken(model, trim, wanted, answer)
    else:
        assert [frozenset(answer.options)] == sets


@given(models(), st.sampled_from(TRIMS), WANTED)
def test_choices_stand_in_the_launch_files_order_each_once_and_are_paid_for(
    model: Model, trim: Trim, wanted: tuple[str, ...]
) -> None:
    answer = configure(model, trim, wanted)
    if isinstance(answer, Configured):
        ids = [choice.id for choice in every_choice(model)]
        assert list(answer.options) == sorted(set(answer.options), key=ids.index)
        prices = {choice.id: choice.price_minor for choice in every_choice(model)}
        assert answer.price_minor == trim.price_minor + sum(prices[choice_id] for choice_id in answer.options)


@given(models(), st.sampled_from(TRIMS), st.permutations([f"c{number}" for number in range(6)]), st.integers(0, 3))
def test_the_order_in_which_choices_are_named_changes_nothing(
    model: Model, trim: Trim, named: list[str], number: int
) -> None:
    one = configure(model, trim, tuple(named[:number]))
    other = configure(model, trim, tuple(reversed(named[:number])))
    assert one == other or (isinstance(one, Refusal) and isinstance(other, Refusal))


@given(models(), st.sampled_from(TRIMS))
def test_who_names_the_whole_configuration_gets_it_again(model: Model, trim: Trim) -> None:
    answer = configure(model, trim, ())
    if isinstance(answer, Configured):
        assert defaults(model, trim) == answer
        assert configure(model, trim, answer.options) == answer


def test_a_model_without_options_has_none_to_choose() -> None:
    plain = Model("m", "M", 0, None, TRIMS)
    assert configure(plain, TRIMS[0], ()) == Configured((), 1000)
    refusal = configure(plain, TRIMS[0], ("x" * 1000,))
    assert isinstance(refusal, Refusal)
    assert refusal.code is Code.UNKNOWN_OPTION
    assert len(refusal.message) < 200


WHEELS = Option("wheels", "Wheels", (Choice("w19", "19"), Choice("w21", "21", 50, ("top",), ("brakes",))))
PACKAGES = Option(
    "packages", "Packages", (Choice("brakes", "Brakes", 9), Choice("tow", "Tow", 5, (), (), ("w19",))), True
)
CAR = Model("m", "M", 0, None, TRIMS, options=(WHEELS, PACKAGES))


def said(wanted: tuple[str, ...], trim: Trim = TRIMS[1]) -> str:
    answer = configure(CAR, trim, wanted)
    assert isinstance(answer, Refusal)
    return answer.message


def test_any_number_of_an_option_with_many_can_be_taken() -> None:
    assert configure(CAR, TRIMS[1], ("tow", "w21", "brakes")) == Configured(("w21", "brakes", "tow"), 2064)


def test_a_refusal_says_the_way_out() -> None:
    assert "add 'brakes', or leave out 'w21'" in said(("w21",))
    assert "choose one of w19, or another trim" in said(("w21", "brakes"), TRIMS[0])
    assert "leave out 'tow', or choose another 'Wheels' than the default 'w19'" in said(("tow",))
    assert "leave out one of them" in said(("w19", "w21"))
    assert "name each choice once" in said(("brakes", "brakes"))
    assert "there are: w19, brakes, tow" in said(("x",), TRIMS[0])
