from media.cuts import EVERY, Cuts


def test_what_was_never_cut_is_allowed() -> None:
    cuts = Cuts(2)
    assert cuts.allow("c", "agent", 0)
    assert cuts.allow("c", "customer", 7)


def test_a_cut_holds_for_its_leg_and_up_to_its_number() -> None:
    cuts = Cuts(2)
    cuts.add("c", {"agent": 2, "customer": 0}, ())
    assert [cuts.allow("c", "agent", media) for media in (1, 2, 3)] == [False, False, True]
    assert cuts.allow("c", "customer", 1)
    cuts.add("c", {"agent": 1}, ())
    assert not cuts.allow("c", "agent", 2), "an older cut that comes late gives nothing back"
    cuts.add("c", {"agent": EVERY}, ())
    assert not cuts.allow("c", "agent", 1 << 40)


def test_calls_that_are_open_are_not_forgotten_and_of_the_others_the_oldest() -> None:
    cuts = Cuts(2)
    for call in ("open", "b", "c", "d"):
        cuts.add(call, {"agent": 1}, {"open"})
    assert [cuts.allow(call, "agent", 1) for call in ("open", "b", "c", "d")] == [False, True, True, False]
