"""The board: who reads is told that something changed, and looks for themselves."""

import asyncio

import pytest

from bot.service.board import QUEUE, Board, BoardClosed
from generation.engines.engine import Phase, Progress


async def test_a_slow_reader_sees_the_last_state() -> None:
    """A thousand steps while a reader is busy are one change, and what they find is the last step."""
    board = Board()
    with board.subscribe("bob") as changes:
        for step in range(1_000):
            board.show_progress("job", "bob", Progress(Phase.DRAW, step, 1_000))
        assert await changes.changed() == {"job"}
        render = board.render("job")
        assert render is not None
        assert render.step == 999
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(changes.changed(), 0.01)


async def test_a_reader_is_told_of_their_own_jobs_and_of_the_queue() -> None:
    """Somebody else's job changes for its owner and for whoever reads everything, not for the others."""
    board = Board()
    with board.subscribe("bob") as bobs, board.subscribe("ann") as anns, board.subscribe(None) as operators:
        board.job_changed("job", "bob")
        board.queue_changed()
        assert await bobs.changed() == {"job", QUEUE}
        assert await anns.changed() == {QUEUE}
        assert await operators.changed() == {"job", QUEUE}


async def test_previews_are_counted_and_forgotten_with_their_render() -> None:
    """Each still is the next one; what is over has none, and a still without a render is nobody's."""
    board = Board()
    board.show_still("job", "bob", b"early")
    assert board.still("job") is None
    board.show_progress("job", "bob", Progress(Phase.DENOISE, 1, 9))
    for still in (b"one", b"two"):
        board.show_still("job", "bob", still)
    board.show_progress("job", "bob", Progress(Phase.DENOISE, 2, 9))
    render = board.render("job")
    assert render is not None
    assert (render.still_count, render.step, board.still("job")) == (2, 2, b"two")
    board.clear("job")
    assert (board.render("job"), board.still("job")) == (None, None)


async def test_closing_ends_every_reader() -> None:
    """Who waits, who comes later and who has not looked yet: all are sent away."""
    board = Board()
    with board.subscribe("bob") as waits, board.subscribe("bob") as busy:
        waiting = asyncio.create_task(waits.changed())
        await asyncio.sleep(0)
        busy.note("job")
        board.close()
        with board.subscribe("bob") as late:
            for reading in (waiting, busy.changed(), late.changed()):
                with pytest.raises(BoardClosed):
                    await reading
