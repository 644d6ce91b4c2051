"""What is reckoned from the frames that a page presented."""

from tests.networks.figures import Frame, figures, moving_at


def steady(first: float, seconds: float, fps: int = 25, count: int = 0) -> list[Frame]:
    return [Frame(first + number / fps, count + number) for number in range(round(seconds * fps))]


def test_a_steady_picture() -> None:
    found = figures(steady(0, 10), 1, 9)
    assert (found.fps, found.freezes, found.longest_s) == (25, 0, 0.04)


def test_a_gap_is_a_freeze_and_the_frames_that_are_not_there_are_missed() -> None:
    found = figures(steady(0, 4) + steady(6, 4, count=100), 0, 10)
    assert (found.freezes, found.longest_s) == (1, 2.04)
    assert found.fps < 20.1


def test_frames_whose_callback_was_passed_over_count() -> None:
    assert figures(steady(0, 10)[::2], 0, 10).fps > 24.5


def test_a_picture_that_stops_is_frozen_until_the_end() -> None:
    assert figures(steady(0, 2), 0, 10).longest_s == 8.04


def test_it_is_back_with_the_first_frame_of_a_moving_picture() -> None:
    frames = [*steady(0, 4), Frame(5.5, 100), *steady(7, 4, count=101)]
    assert moving_at(frames, 5) == 7
    assert moving_at(frames, 20) is None
