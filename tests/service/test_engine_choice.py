"""Which engine runs: LTX-Video where a card, its libraries and weights are found, else the camera, with the reason."""

from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from bot.service.engine_choice import EngineWish, choose_engine, is_importable
from generation.errors import EngineUnavailable, ErrorCode
from generation.hardware import Gpu, find_gpus

CARD = Gpu(0, "a card", 24 * 2**30, 20 * 2**30, "580.0")
Wish = Callable[..., EngineWish]


@pytest.fixture
def wish(tiny_ltx: ModuleType, tmp_path: Path) -> Wish:
    """Settings that name a whole checkpoint; a test changes what it is about."""
    weights = str(tiny_ltx.write("ltxv-2b-0.9.5", tmp_path / "weights" / "my-model"))

    def wish(**changes: object) -> EngineWish:
        fields: dict[str, object] = {
            "engine": "auto",
            "model": weights,
            "models_dir": tmp_path / "models",
            "device": "auto",
            "max_frame_pixels": 512 * 512,
        }
        return EngineWish(**{**fields, **changes})  # type: ignore[arg-type]  # a test may name any field

    return wish


def choose(wish: EngineWish, *gpus: Gpu, missing: str = "") -> tuple[str, ErrorCode | None]:
    choice = choose_engine(wish, lambda: gpus, lambda library: library != missing)
    return choice.spec.name, choice.why_not_ltx and choice.why_not_ltx.code


def test_auto_takes_ltx_where_a_card_and_weights_are_found(wish: Wish) -> None:
    """With a card, the libraries and weights, auto is LTX-Video with the settings' model and limits."""
    choice = choose_engine(wish(), lambda: (CARD,), lambda library: True)
    assert (choice.spec.name, choice.model.name, choice.why_not_ltx) == ("ltx", "ltxv-2b-0.9.5", None)
    assert (choice.spec.model, choice.spec.max_frame_pixels) == (wish().model, 512 * 512)


def test_auto_takes_the_camera_and_says_what_is_missing(wish: Wish) -> None:
    """Without a card, weights or a library, auto is the camera, and the reason is kept."""
    assert choose(wish()) == ("camera", ErrorCode.NO_GPU)
    assert choose(wish(model="ltxv-2b-0.9.1"), CARD) == ("camera", ErrorCode.WEIGHTS_MISSING)
    assert choose(wish(), CARD, missing="google.protobuf") == ("camera", ErrorCode.LIBRARY_MISSING)


def test_ltx_by_name_needs_no_card_but_weights_and_libraries(wish: Wish) -> None:
    """Whoever asks for ltx gets it, on the CPU if need be, or is told why not; never the camera instead."""
    assert choose(wish(engine="ltx")) == ("ltx", None)
    with pytest.raises(EngineUnavailable, match="weights_missing"):
        choose(wish(engine="ltx", model="ltxv-2b-0.9.1"))
    with pytest.raises(EngineUnavailable, match="sentencepiece"):
        choose(wish(engine="ltx"), missing="sentencepiece")


def test_the_camera_by_name_asks_for_nothing(wish: Wish) -> None:
    """Whoever asks for the camera gets it without a word about cards."""
    assert choose(wish(engine="camera"), CARD) == ("camera", None)


def test_a_library_is_looked_for_without_being_loaded() -> None:
    """What is not installed is told from what is, also inside a package that is not there either."""
    assert is_importable("json")
    assert not is_importable("no_such_package")
    assert not is_importable("no_such_package.inside")


def test_cards_can_be_hidden() -> None:
    """CUDA's own variable hides every card from us too."""
    assert find_gpus({"CUDA_VISIBLE_DEVICES": ""}) == ()
    assert find_gpus({"CUDA_VISIBLE_DEVICES": "-1"}) == ()
