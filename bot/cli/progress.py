"""How long work is shown: a bar with time left on a terminal, plain lines elsewhere."""

from types import TracebackType
from typing import Self, TextIO

from rich.console import Console, RenderableType
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from generation.engines.engine import Phase
from generation.engines.engine import Progress as Step
from generation.weights import PullProgress

_WORDS = {
    Phase.WAITING: "waiting for the engine",
    Phase.BEGIN: "rendering",
    Phase.TEXT: "reading the prompt",
    Phase.DENOISE: "denoising",
    Phase.DECODE: "decoding frames",
    Phase.DRAW: "drawing frames",
    Phase.ENCODE: "encoding",
}


class _TerminalBar:
    """A bar while its ``with`` block runs, gone afterwards; nothing where the stream is no terminal."""

    def __init__(self, stream: TextIO, *columns: ProgressColumn) -> None:
        self._console = Console(file=stream, highlight=False, soft_wrap=True)
        self._bar = Progress(
            TextColumn("{task.description}"), BarColumn(), *columns, console=self._console, transient=True
        )
        self._task: TaskID | None = None

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._console.is_terminal:  # elsewhere it never started, and would print an empty line now
            self._bar.stop()


class RenderProgress(_TerminalBar):
    """The phases of one render, with its steps and the time left."""

    def __init__(self, stream: TextIO, *, is_quiet: bool) -> None:
        super().__init__(stream, _OnlyWithSteps(MofNCompleteColumn()), _OnlyWithSteps(TimeRemainingColumn()))
        self._is_quiet = is_quiet and not self._console.is_terminal
        self._last_words = ""

    def say(self, text: str) -> None:
        """Print a line that stays."""
        self._console.print(text, markup=False)

    def phase(self, words: str) -> None:
        """Show a phase without steps."""
        self._begin(words, None)

    def show(self, step: Step) -> None:
        """Show one step of a render."""
        words = _WORDS[step.phase]
        has_steps = step.steps > 1
        if words != self._last_words:
            self._begin(words, step.steps if has_steps else None)
        if has_steps and self._task is not None:
            self._bar.update(self._task, completed=step.step, total=step.steps)

    def _begin(self, words: str, total: int | None) -> None:
        self._last_words = words
        if not self._console.is_terminal:
            if not self._is_quiet:
                self.say(words)
            return
        if self._task is not None:
            self._bar.remove_task(self._task)
        self._task = self._bar.add_task(words, total=total)


class _OnlyWithSteps(ProgressColumn):
    """Another column, empty while a phase has no known number of steps."""

    def __init__(self, column: ProgressColumn) -> None:
        super().__init__()
        self._column = column

    def render(self, task: Task) -> RenderableType:
        return "" if task.total is None else self._column.render(task)


class DownloadProgress(_TerminalBar):
    """The bytes of a download; a line a file where there is no terminal."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__(stream, DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
        self._last_file = ""

    def show(self, step: PullProgress) -> None:
        """Show how much of all files is here."""
        if self._console.is_terminal:
            if self._task is None:
                self._task = self._bar.add_task(step.file, total=step.total_bytes)
            self._bar.update(self._task, description=step.file, completed=step.done_bytes)
        elif step.file != self._last_file:
            self._console.print(step.file, markup=False)
        self._last_file = step.file
