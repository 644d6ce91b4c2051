from vouch.door.crowd import Crowd, Seat, is_stranger


def dropped(seat: Seat, names: list[str], name: str) -> Seat:
    seat.drop = lambda: names.append(name)
    return seat


def admitted(crowd: Crowd, address: str, now: float = 0.0) -> Seat:
    seat = crowd.admit(address, now)
    assert seat is not None
    return seat


def test_ipv6_is_counted_by_64_bits_and_ipv4_by_address() -> None:
    crowd = Crowd(100, 1, apart=is_stranger)
    crowd.busy(admitted(crowd, "2001:db8::1"))
    crowd.busy(admitted(crowd, "192.0.2.1"))
    assert crowd.admit("2001:db8::ffff", 0.0) is None
    assert crowd.admit("::ffff:192.0.2.1", 0.0) is None
    assert crowd.admit("2001:db8:0:1::1", 0.0)
    assert crowd.admit("192.0.2.2", 0.0)


def test_this_machine_is_counted_only_with_all_together() -> None:
    crowd = Crowd(3, 1, apart=is_stranger, reserve=1)
    seats = [admitted(crowd, address) for address in ("127.0.0.1", "127.0.0.9", "::1")]
    for seat in seats:
        crowd.busy(seat)
    assert admitted(crowd, "127.0.0.1").reserved


def test_the_longest_idle_goes_first_and_one_that_was_busy_meanwhile_is_not_it() -> None:
    crowd, gone = Crowd(3, 100, apart=is_stranger), list[str]()
    first, second, third = (dropped(admitted(crowd, f"192.0.2.{n}", n), gone, str(n)) for n in (1, 2, 3))
    crowd.busy(first)
    crowd.idle(first, 4.0)
    crowd.busy(second)
    for number in (5, 6):
        dropped(admitted(crowd, f"192.0.2.{number}", number), gone, str(number))
    assert gone == ["3", "1"]
    crowd.leave(third)
    crowd.leave(second)
    assert (len(crowd), crowd.turned_away) == (2, 2)


def test_nothing_is_remembered_of_those_who_left() -> None:
    crowd = Crowd(10, 10, apart=is_stranger)
    for number in range(1_000):
        seat = admitted(crowd, f"2001:db8:0:{number:x}::1")
        crowd.busy(seat)
        crowd.leave(seat)
        crowd.idle(seat, 0.0)  # told too late
    assert not any((crowd._seats, crowd._idle, crowd._networks, crowd._reserved))
