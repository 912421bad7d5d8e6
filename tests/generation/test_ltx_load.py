"""Loading: the real classes, quietly, from files alone; a checkpoint that does not fit is one error."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from generation.engines.engine import RenderWatch
from generation.engines.ltx.engine import LtxEngine
from generation.errors import EngineUnavailable, ErrorCode
from generation.request import ImageToVideoRequest, VideoShape
from generation.weights import find
from tests.generation.conftest import CheckpointOf

MakeRequest = Callable[..., ImageToVideoRequest]


def refusal_of(folder: Path, **options: str) -> EngineUnavailable:
    engine = LtxEngine(find(folder, Path("unused")), **{"device": "cpu", **options})
    with pytest.raises(EngineUnavailable) as error:
        engine.load()
    return error.value


def test_our_packages_load_no_torch() -> None:
    """Whoever imports generation, or asks what an engine can do, pays for no library of the GPU side or the hub."""
    program = (
        "import sys, generation, generation.request, generation.weights, generation.framing\n"
        "import generation.engines.ltx.engine\n"
        "heavy = {'torch', 'diffusers', 'transformers', 'PIL', 'numpy', 'huggingface_hub'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_missing_library_is_one_error(checkpoint_of: CheckpointOf) -> None:
    """Where a library of the ltx extra is not installed, loading says which one and how to get it."""
    program = (
        "import sys; from pathlib import Path\n"
        "sys.modules['torch'] = None  # what an import finds where the library is not installed\n"
        "from generation.engines.ltx.engine import LtxEngine; from generation.weights import find\n"
        "from generation.errors import EngineUnavailable\n"
        "try: LtxEngine(find(Path(sys.argv[1]), Path('unused')), device='cpu').load()\n"
        "except EngineUnavailable as error: print(error)"
    )
    folder = checkpoint_of("ltxv-2b-0.9.1")
    done = subprocess.run([sys.executable, "-c", program, folder], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "library_missing(library='torch', extra='ltx')"


def test_loading_and_rendering_say_nothing(
    checkpoint_of: CheckpointOf, make_request: MakeRequest, capfd: pytest.CaptureFixture[str]
) -> None:
    """No bar, no hint of a library reaches the terminal."""
    for name in ("ltxv-2b-0.9.1", "ltxv-2b-0.9.5"):
        engine = LtxEngine(find(checkpoint_of(name), Path("unused")), device="cpu")
        engine.load()
        list(engine.render(make_request(shape=VideoShape(64, 64, 9), steps=2), RenderWatch()))
    assert capfd.readouterr() == ("", "")


def test_the_precision_can_be_chosen(checkpoint_of: CheckpointOf, make_request: MakeRequest) -> None:
    """On a CPU the weights are float32 unless bfloat16 is asked for, which renders as well."""
    import torch

    for dtype, expected in (("auto", torch.float32), ("bfloat16", torch.bfloat16)):
        engine = LtxEngine(find(checkpoint_of("ltxv-2b-0.9.1"), Path("unused")), device="cpu", dtype=dtype)
        engine.load()
        assert engine._loaded is not None
        pipeline = engine._loaded.pipeline
        assert {pipeline.transformer.dtype, pipeline.vae.dtype, pipeline.text_encoder.dtype} == {expected}
        frames = list(engine.render(make_request(shape=VideoShape(64, 64, 9), steps=2), RenderWatch()))
        assert sum(map(len, frames)) == 9


def test_a_card_that_is_asked_for_must_be_there(checkpoint_of: CheckpointOf) -> None:
    """``cuda`` without a GPU is an error; ``auto`` takes the CPU."""
    torch = pytest.importorskip("torch")
    if torch.cuda.is_available():
        pytest.skip("this machine has a GPU")
    assert refusal_of(checkpoint_of("ltxv-2b-0.9.1"), device="cuda").code is ErrorCode.NO_GPU
    engine = LtxEngine(find(checkpoint_of("ltxv-2b-0.9.1"), Path("unused")))
    engine.load()
    assert engine._loaded is not None
    assert engine._loaded.device.type == "cpu"


def test_a_checkpoint_that_vanished_is_one_error(copy_of: CheckpointOf) -> None:
    """Weights that are removed between the start and the loading are missing, not a fault of some library."""
    folder = copy_of("ltxv-2b-0.9.1")
    engine = LtxEngine(find(folder, Path("unused")), device="cpu")
    folder.rename(folder.with_name("elsewhere"))
    with pytest.raises(EngineUnavailable) as error:
        engine.load()
    assert error.value.code is ErrorCode.WEIGHTS_MISSING


@pytest.mark.parametrize("part", ["transformer", "vae", "text_encoder"])
def test_a_part_without_one_of_its_weights_is_refused(copy_of: CheckpointOf, part: str) -> None:
    """A file that is whole but lacks a weight is refused; the libraries would fill it with random numbers."""
    from safetensors.torch import load_file, save_file

    folder = copy_of("ltxv-2b-0.9.1")
    [path] = (folder / part).glob("*.safetensors")
    weights = load_file(path)
    lost = min(weights)
    del weights[lost]
    save_file(weights, path, metadata={"format": "pt"})
    error = refusal_of(folder)
    assert error.code is ErrorCode.WEIGHTS_BROKEN
    assert part in str(error.values["detail"])
    assert lost in str(error.values["detail"])


@pytest.mark.parametrize(
    ("part", "key", "value"), [("transformer", "attention_head_dim", 48), ("vae", "latent_channels", 4)]
)
def test_weights_that_do_not_fit_their_configuration_are_refused(
    copy_of: CheckpointOf, part: str, key: str, value: int
) -> None:
    """Weights of other sizes than the configuration says are one error, and no half-loaded model."""
    folder = copy_of("ltxv-2b-0.9.5")
    config = folder / part / "config.json"
    config.write_text(json.dumps({**json.loads(config.read_text()), key: value}))
    error = refusal_of(folder)
    assert error.code is ErrorCode.WEIGHTS_BROKEN
    assert error.values["folder"] == str(folder)


def test_a_damaged_tokenizer_is_refused(copy_of: CheckpointOf) -> None:
    """A tokenizer that is no tokenizer is the same one error."""
    folder = copy_of("ltxv-2b-0.9.1")
    (folder / "tokenizer/tokenizer.json").write_text("{}")
    assert refusal_of(folder).code is ErrorCode.WEIGHTS_BROKEN


@pytest.fixture
def as_published(copy_of: CheckpointOf) -> Path:
    """A checkpoint whose tokenizer is a SentencePiece model, as in the published ones."""
    sentencepiece = pytest.importorskip("sentencepiece", reason="the ltx extra is not installed")
    folder = copy_of("ltxv-2b-0.9.1") / "tokenizer"
    (folder / "tokenizer.json").unlink()
    with (folder / "spiece.model").open("wb") as model:
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(["the dog runs slowly", "a camera moves over the sea"] * 20),
            model_writer=model,
            vocab_size=60,
            hard_vocab_limit=False,
            pad_id=0,
            eos_id=1,
            unk_id=2,
            bos_id=-1,
            minloglevel=2,
        )
    return folder.parent


def test_the_published_tokenizer_names_the_library_that_it_needs(
    as_published: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without protobuf a SentencePiece tokenizer cannot be read: one error that names the library and the extra."""
    monkeypatch.setitem(sys.modules, "google.protobuf", None)  # how Python notes that a module is not to be had
    error = refusal_of(as_published)
    assert error.code is ErrorCode.LIBRARY_MISSING
    assert error.values == {"library": "protobuf", "extra": "ltx"}


def test_the_published_tokenizer_loads(as_published: Path, make_request: MakeRequest) -> None:
    """A checkpoint whose tokenizer is only a SentencePiece model loads and renders."""
    engine = LtxEngine(find(as_published, Path("unused")), device="cpu")
    engine.load()
    assert engine._loaded is not None
    assert engine._loaded.pipeline.tokenizer("the dog").input_ids[-1] == 1
    frames = list(engine.render(make_request(shape=VideoShape(64, 64, 9), steps=2), RenderWatch()))
    assert sum(map(len, frames)) == 9


def test_the_tiny_checkpoints_are_the_same_each_time(
    tiny_ltx: ModuleType, checkpoint_of: CheckpointOf, tmp_path: Path
) -> None:
    """The script writes the same bytes for the same seed and other weights for another."""
    weights = "transformer/diffusion_pytorch_model.safetensors"
    first = (checkpoint_of("ltxv-2b-0.9.1") / weights).read_bytes()
    tiny_ltx.main(["--out", str(tmp_path), "--only", "ltxv-2b-0.9.1"])
    assert [path.name for path in tmp_path.iterdir()] == ["ltxv-2b-0.9.1"]
    assert (tmp_path / "ltxv-2b-0.9.1" / weights).read_bytes() == first
    other = tiny_ltx.write("ltxv-2b-0.9.1", tmp_path / "other", seed=1)
    assert (other / weights).read_bytes() != first
