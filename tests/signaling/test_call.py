"""The five call models, whole: HTTP, sockets, floor, media and evidence; pages are robots with real media."""

import pytest

from media.robot import RobotPeer
from tests.signaling.conftest import House, Start, first_to_ring, ring, ring_and_accept, tick_checks
from vouch.clock import SECOND


async def test_accepted_and_confirmed_with_the_frame_that_was_on_the_agents_screen(house: House) -> None:
    opened = await house.verification()
    caller = await house.caller(opened)
    agent = await house.ready()
    await ring_and_accept(caller, agent)
    assert "checks" in agent.call["shut_gates"]
    early = await agent.press(
        "verdict", call=agent.call["id"], verdict="confirmed", frame=agent.frame_name(), reason=None
    )
    assert (early["code"], early["detail"]) == ("not_yet", "checks")

    await tick_checks(agent)
    frame = agent.frame_name()
    answer = await agent.press("verdict", call=agent.call["id"], verdict="confirmed", frame=frame)

    assert answer["code"] == "ok"
    ended = await agent.until_state("ended")
    assert ended["outcome"] == "confirmed"
    assert (await caller.until_state("ended"))["outcome"] == "confirmed"
    await agent.until(lambda view: bool(view["call"]) and bool(view["call"]["kept"]))


async def test_declined_with_nobody_left_ends_the_call(house: House) -> None:
    agent, caller = await house.ready(), await house.caller()
    offer = await ring(caller, agent)

    await agent.press("offer.decline", call=offer["call"], offer=offer["offer"], reason="technical")

    ended = await caller.until_state("ended")
    assert (ended["outcome"], ended["notice"]) == ("declined", "declined")


async def test_declined_by_one_agent_is_passed_on_to_the_next(house: House) -> None:
    agents = [await house.ready("agent1"), await house.ready("agent2")]
    caller = await house.caller()
    consent = caller.told["consent"]["version"]
    await caller.press("call.ready", consent_version=consent)
    first = await first_to_ring(agents)
    second = agents[1 - agents.index(first)]
    offer = first.view["offer"]

    await first.press("offer.decline", call=offer["call"], offer=offer["offer"], reason="technical")

    passed = (await second.until(lambda view: view.get("offer")))["offer"]
    assert passed["call"] == offer["call"]
    await caller.until(lambda view: view["call"]["notice"] == "passing_on")
    await second.press("offer.accept", call=passed["call"], offer=passed["offer"])
    await caller.until_state("active")
    await caller.until(lambda view: view["call"]["notice"] == "accepted")


async def test_rung_out_makes_the_agent_not_ready_and_asks_the_next(start: Start) -> None:
    house = await start(ring_time_out_s=1)
    agents = [await house.ready("agent1"), await house.ready("agent2")]
    caller = await house.caller()
    await caller.press("call.ready", consent_version=caller.told["consent"]["version"])
    first = await first_to_ring(agents)
    second = agents[1 - agents.index(first)]

    offer = (await second.until(lambda view: view.get("offer")))["offer"]

    left = await first.until(lambda view: not view["agent"]["ready"])
    assert left["agent"]["reason"] == "did_not_answer"
    await second.press("offer.accept", call=offer["call"], offer=offer["offer"])
    await caller.until_state("active")


async def test_a_page_that_is_closed_and_opened_again_goes_on_with_the_same_call(house: House) -> None:
    caller, agent = await house.call()
    call, peer = agent.call["id"], agent.peer
    await caller.close()
    lost = await agent.until_state("reconnecting")
    assert lost["lost"][0]["leg"] == "customer"

    newer = await house.again(caller)
    await newer.until_state("active")

    await agent.until_state("active")
    assert newer.call["id"] == agent.call["id"] == call
    assert agent.peer is peer, "the agent's side negotiated anew"
    assert {"checks", "recheck"} <= set(agent.call["shut_gates"])


async def test_packets_that_stop_for_a_while_leave_the_call_as_it_was(house: House) -> None:
    caller, agent = await house.call()
    peer = agent.peer
    assert isinstance(caller.peer, RobotPeer)
    caller.peer.stop_packets()
    await agent.until_state("reconnecting")

    caller.peer.resume_packets()

    await agent.until_state("active")
    assert agent.peer is peer


# Its 16 seconds are spent once; the other database's deadlines are the same rows.
@pytest.mark.parametrize("installation", ["postgresql"], indirect=True)
async def test_lost_for_more_than_15_seconds_ends_the_call_and_tells_both_why(house: House) -> None:
    caller, agent = await house.call()
    assert isinstance(caller.peer, RobotPeer)
    stopped = house.node.clock.now()
    caller.peer.stop_packets()

    ended = await agent.until_state("ended", seconds=25)

    assert ended["outcome"] == "connection_lost"
    assert (await caller.until_state("ended"))["outcome"] == "connection_lost"
    after = (house.node.clock.now() - stopped) / SECOND
    assert 14 <= after <= 16
    await agent.until(lambda view: view["call"] is None and view["agent"]["ready"], seconds=5)


async def test_a_call_of_company_4_reaches_company_1_and_counts_as_company_4s(house: House) -> None:
    other = await house.ready("agent3")
    agent = await house.ready("agent1")
    opened = await house.verification("CTKV4")
    caller = await house.caller(opened)
    await ring_and_accept(caller, agent)

    case = await house.node.cases.case(opened["id"], None)

    assert case is not None
    assert case.company == "CTKV4"
    assert other.view["offer"] is None


async def test_the_caller_who_hangs_up_cancels(house: House) -> None:
    caller, agent = await house.call()

    await caller.press("call.hangup")

    assert (await caller.until_state("ended"))["outcome"] == "cancelled"
    assert (await agent.until_state("ended"))["outcome"] == "cancelled"


async def test_a_second_tab_takes_over_and_the_first_is_told(house: House) -> None:
    caller, agent = await house.call()

    newer = await house.again(caller)

    await newer.until_state("active")
    await caller.until_replaced()
    assert agent.call["state"] == "active" or (await agent.until_state("active"))


async def test_a_late_rejection_in_wrap_up_stands_on_the_last_frame(start: Start) -> None:
    house = await start(wrap_up_s=20)
    opened = await house.verification()
    caller, agent = await house.caller(opened), await house.ready()
    await ring_and_accept(caller, agent)
    await caller.press("call.hangup")
    ended = await agent.until_state("ended")
    await agent.until(lambda view: bool(view["call"]["kept"]))
    assert ended["late_verdict"]

    said = {"verdict": "rejected", "reason": "face_differs", "fraud": True, "note": "He read from a sheet."}
    answer = await agent.press("verdict", call=ended["id"], **said)

    assert answer["code"] == "ok"
    assert len(await house.picture(opened["id"], "snapshot")) > 10_000, "mSale cannot fetch what it was told of"
    case = await house.node.cases.case(opened["id"], None)
    assert case is not None
    assert case.state == "rejected"
    assert case.calls[0].outcome == "cancelled"
    (verdict,) = case.verdicts
    assert (verdict.late, verdict.note, verdict.fraud) == (True, "He read from a sheet.", True)


async def test_a_reason_that_is_no_code_is_refused_and_changes_nothing(house: House) -> None:
    _caller, agent = await house.call()
    call = agent.call["id"]
    refused = [
        await agent.press("agent.pause", reason="tired of it"),
        await agent.press("call.end", call=call, reason="because"),
        await agent.press("verdict", call=call, verdict="rejected", reason="picture_poor"),
    ]
    assert [answer["code"] for answer in refused] == ["unknown_reason"] * 3
    assert agent.call["state"] == "active"
