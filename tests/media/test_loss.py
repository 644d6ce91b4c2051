from media.loss import LONGEST_GAP, MOST_ASKED, MOST_MISSING, PACE, TRIES, KeyFrameAsker, LossList


def test_a_gap_is_asked_for_at_once_and_then_paced() -> None:
    losses = LossList()
    assert losses.take(10, 0)
    assert losses.take(13, 1)
    assert losses.due(1) == [11, 12]
    assert losses.due(1 + PACE - 1) == []
    assert losses.take(11, 2)
    assert losses.due(1 + PACE) == [12]


def test_a_packet_is_taken_once() -> None:
    losses = LossList()
    losses.take(10, 0)
    losses.take(12, 0)
    assert losses.take(11, 0)
    assert not losses.take(11, 0)
    assert not losses.take(12, 0)
    assert not losses.take(9, 0)


def test_a_packet_is_given_up_after_some_tries() -> None:
    losses = LossList()
    losses.take(1, 0)
    losses.take(3, 0)
    asked = [losses.due(PACE * n) for n in range(TRIES + 1)]
    assert asked == [[2]] * TRIES + [[]]
    assert losses.given_up == 1
    assert not losses.take(2, PACE * TRIES)


def test_a_long_jump_is_a_restart() -> None:
    losses = LossList()
    losses.take(1, 0)
    losses.take(3, 0)
    assert losses.take(4 + LONGEST_GAP, 0)
    assert losses.due(0) == []
    assert losses.given_up == 1


def test_who_jumps_on_purpose_is_asked_for_no_more_than_fits_a_datagram() -> None:
    losses = LossList()
    for jump in range(100):
        losses.take(1 + jump * LONGEST_GAP, 0)
    missed = 99 * (LONGEST_GAP - 1)
    assert losses.given_up == missed - MOST_MISSING
    asked = losses.due(0)
    assert len(asked) == MOST_ASKED
    assert losses.due(1)[0] > asked[-1], "then the others"


def test_a_key_frame_is_asked_for_when_wanted_but_not_too_often() -> None:
    asker = KeyFrameAsker()
    assert not asker.due(0, regular=False)
    asker.want()
    assert asker.due(0, regular=False)
    assert not asker.due(KeyFrameAsker.SPACING - 1, regular=False)
    assert asker.due(KeyFrameAsker.SPACING, regular=False)
    asker.arrived(KeyFrameAsker.SPACING + 1)
    assert not asker.due(2 * KeyFrameAsker.SPACING, regular=False)


def test_a_key_frame_is_asked_for_every_two_seconds_where_that_is_wanted() -> None:
    asker = KeyFrameAsker()
    asker.arrived(0)
    assert not asker.due(KeyFrameAsker.REGULAR - 1, regular=True)
    assert not asker.due(KeyFrameAsker.REGULAR, regular=False)
    assert asker.due(KeyFrameAsker.REGULAR, regular=True)
