from media.pacing import BURST, MOST_WAITING, RATE, ResendQueue

SECOND = 1_000_000


def test_a_few_go_at_once_in_the_order_in_which_they_were_asked_for() -> None:
    queue = ResendQueue()
    assert not queue
    queue.ask([7, 3, 5])
    assert queue
    assert queue.due(0) == [7, 3, 5]
    assert not queue
    assert queue.due(0) == []


def test_what_is_asked_for_after_an_outage_is_spread() -> None:
    queue = ResendQueue()
    queue.ask(range(300))
    sent = [(now, sequence) for now in range(0, SECOND, 40_000) for sequence in queue.due(now)]
    assert [sequence for _, sequence in sent] == list(range(300))
    assert sum(now == 0 for now, _ in sent) == BURST
    for since in range(0, SECOND, 100_000):
        within = sum(since <= now < since + 100_000 for now, _ in sent)
        assert within <= BURST + RATE // 10 + 1
    assert sent[-1][0] >= (300 - BURST) * SECOND // RATE - 40_000


def test_a_pause_gives_no_more_than_one_burst() -> None:
    queue = ResendQueue()
    queue.ask(range(100))
    assert len(queue.due(3_600 * SECOND)) == BURST
    assert queue.due(3_600 * SECOND) == []


def test_who_asks_again_is_served_once() -> None:
    queue = ResendQueue()
    queue.ask([1, 2])
    queue.ask([2, 1, 3])
    assert queue.due(0) == [1, 2, 3]


def test_what_waits_is_bounded() -> None:
    queue = ResendQueue()
    for _ in range(10):
        queue.ask(range(0x10000))
    served = [sequence for n in range(10_000) for sequence in queue.due(n * 10_000)]
    assert served == list(range(MOST_WAITING))
