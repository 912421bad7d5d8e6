"""From the words of a prompt to the moves of a camera."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace

from generation.engines.camera.moves import Axis, Move
from generation.engines.camera.vocabulary import (
    ARTICLES,
    BOUNDARY_WORDS,
    CAMERA_WORDS,
    FAST_WORDS,
    FILLER_WORDS,
    HANDHELD,
    LEFT_BEHIND,
    MANNER_WORDS,
    MOVE_WORD,
    NEGATIONS,
    OBJECT_WORDS,
    PATTERNS,
    SHOT_WORDS,
    SLOW_WORDS,
    SPELLINGS,
    STILL,
    THEN,
    VERY_WORDS,
    Verb,
)

#: What a prompt without a camera word gets: a push in that one notices only in comparison, with a hint of drift.
GENTLE_PUSH = (Move(Axis.ZOOM, 1, 0.55), Move(Axis.DRIFT, 0))
#: The same for whoever says "no zoom".
GENTLE_DRIFT = (Move(Axis.DRIFT, 0, 2.0),)

_SLOW_AMOUNT, _FAST_AMOUNT = 0.5, 1.7
_VERY = 1.35  # "very slowly" and "very fast" go this much further
_MAX_STAGES = 4  # more moves in a row than that are nervous in a clip of a few seconds
_REACH_WORDS = 6  # so far after a move its manner may stand: "zoom in on her face very slowly"
_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")
_CLAUSE = re.compile(r"[^,.!?;:\n()\[\]\"–—]+")
#: Between a "no" and the move that it refuses.
_PASSED_OVER = (
    CAMERA_WORDS
    | MANNER_WORDS
    | ARTICLES
    | frozenset({"any", "be", "do", "use", "want", "or", "nor", "of", "more", "to"})
)
#: What joins the last of several refused moves to those before it.
_JOINING = frozenset({"or", "nor", "and", "any"})


def read_moves(prompt: str) -> tuple[Move, ...]:
    """Return what the camera is to do; no moves at all mean that it stands still.

    A move that is negated ("without panning") is left out. Where no move is found, a gentle push in is returned, or
    what is left of it where zooming is unwanted.
    """
    findings = _findings(prompt)
    wanted = [finding for finding in findings if not finding.is_refused]
    moves = _in_stages(wanted)
    if moves:
        return moves
    refused = {finding.move.axis for finding in findings if finding.is_refused and finding.move is not None}
    if any(finding.move is None for finding in wanted) or {Axis.ZOOM, Axis.PAN} <= refused:
        return ()
    return GENTLE_DRIFT if Axis.ZOOM in refused else GENTLE_PUSH


@dataclass(frozen=True, slots=True)
class _Finding:
    """Words ``start`` to ``end`` of a clause ask for a move, or refuse it."""

    start: int
    end: int
    move: Move | None  # None: stand still
    is_refused: bool
    comes_next: bool = False  # after the move before it, not with it


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a match stands in its clause: the words before it up to ``and`` and its kind, itself, the words after."""

    before: list[str]
    itself: list[str]
    after: list[str]

    @property
    def next_word(self) -> str:
        return self.after[0] if self.after else ""

    @property
    def last_word(self) -> str:
        return self.before[-1] if self.before else ""

    @property
    def has_camera_subject(self) -> bool:
        for back, word in enumerate(reversed(self.before)):
            if word in CAMERA_WORDS:
                return set(self.before[len(self.before) - back :]) <= FILLER_WORDS
        return "camera" in self.itself or "camera" in self.after[:2]

    @property
    def may_be_the_camera(self) -> bool:
        return self.has_camera_subject or set(self.before) <= FILLER_WORDS

    @property
    def stands_alone(self) -> bool:
        return self.may_be_the_camera and (not self.after or self.next_word in BOUNDARY_WORDS)


def _findings(prompt: str) -> list[_Finding]:
    findings: list[_Finding] = []
    text = unicodedata.normalize("NFKC", prompt).lower().replace("’", "'")
    goes_on_refusing = False  # "no zoom, pan or tilt" refuses three
    for clause in _CLAUSE.finditer(text):
        words = " ".join(_WORD.findall(clause.group()))
        for spelling, one in SPELLINGS.items():
            words = words.replace(spelling, one)
        found = list(_clause_findings(words, goes_on_refusing))
        findings += found
        goes_on_refusing = bool(found) and found[-1].is_refused and text[clause.end() : clause.end() + 1] == ","
    return findings


def _clause_findings(words: str, goes_on_refusing: bool) -> Iterator[_Finding]:
    end = 0
    # Left to right; of those that begin together the first in the table: "dolly zoom" before "dolly".
    for match, verb in sorted(_candidates(words), key=lambda candidate: candidate[0].start()):
        if match.start() < end:
            continue
        place = _place(words, match, end)
        directions, place = _directions(verb, match, place)
        is_bare = verb is not None and not directions
        is_refused = _is_refused(words[: match.start()].split(), passes_and=is_bare) or (
            goes_on_refusing and is_bare and not end and set(place.before) <= _JOINING
        )
        if verb is not None and not is_refused and not _is_camera_move(verb, directions, place):
            continue
        comes_next = THEN.search(words[end : match.start()]) is not None
        for move in _moves(match, verb, directions, _amount(place)):
            yield _Finding(match.start(), match.end(), move, is_refused, comes_next)
            comes_next = True
        end = match.end()


def _directions(verb: Verb | None, match: re.Match[str], place: _Place) -> tuple[list[str], _Place]:
    """The direction words of a verb, two where it goes there and back, and its place without a "left" before "pan"."""
    if verb is None or not verb.directions:
        return [], place
    after = [word for word in (match["direction"], match["back"]) if word]
    if not after and place.last_word in verb.directions:
        return [place.last_word], replace(place, before=place.before[:-1])
    return after, place


def _candidates(words: str) -> Iterator[tuple[re.Match[str], Verb | None]]:
    for pattern in (STILL, HANDHELD):
        yield from ((match, None) for match in pattern.finditer(words))
    for verb, pattern in PATTERNS:
        yield from ((match, verb) for match in pattern.finditer(words))


def _place(words: str, match: re.Match[str], previous_end: int) -> _Place:
    before = words[previous_end : match.start()].split()
    for index in range(len(before) - 1, -1, -1):
        if before[index] in BOUNDARY_WORDS:
            before = before[index + 1 :]
            break
    return _Place(before, match.group().split(), words[match.end() :].split())


def _is_camera_move(verb: Verb, directions: list[str], place: _Place) -> bool:
    if verb.is_unmistakable:
        return True
    if verb.needs_camera:
        return place.has_camera_subject and bool(directions or verb.bare)
    if place.last_word in verb.thing_after:
        return False
    if not directions:
        return _is_bare_camera_move(verb, place)
    if place.last_word in ARTICLES and place.next_word in LEFT_BEHIND:
        return False
    if verb.is_camera_term:
        # "A motorcycle zooms in and out of the traffic", but "woman smiling zoom in".
        return place.may_be_the_camera or not place.itself[0].endswith("s")
    takes_object = place.next_word in OBJECT_WORDS and directions[-1] != "into" and not place.has_camera_subject
    return place.may_be_the_camera and not takes_object


def _is_bare_camera_move(verb: Verb, place: _Place) -> bool:
    if verb.bare is None or not place.may_be_the_camera:
        return False
    if place.next_word in SHOT_WORDS or place.has_camera_subject:
        return True
    if place.last_word in ARTICLES:
        return False  # a pan, the roll
    if place.next_word in verb.bare_before:
        return True
    return verb.bare_alone and (place.stands_alone or place.last_word in MANNER_WORDS)


def _is_refused(before: list[str], *, passes_and: bool) -> bool:
    """Whether a "no" or "don't" reaches from before to the end of these words."""
    for word in reversed(before):
        if word in NEGATIONS:
            return True
        if word == "and" and passes_and:
            continue  # "without zooming and panning", but "don't zoom and pan left"
        if word not in _PASSED_OVER and not MOVE_WORD.fullmatch(word):
            return False
    return False


def _moves(match: re.Match[str], verb: Verb | None, directions: list[str], amount: float) -> Iterator[Move | None]:
    if verb is None:
        yield None if match.re is STILL else Move(Axis.HANDHELD, amount=amount)
        return
    # A bare verb without a meaning of its own gets here only to be refused ("no pushing"): any of its axes will do.
    for axis, direction in [verb.directions[word] for word in directions] or [
        verb.bare or next(iter(verb.directions.values()))
    ]:
        yield Move(axis, direction, amount)


def _amount(place: _Place) -> float:
    """How much the nearest word of manner makes of a move: before it, within it, else after it."""
    before: list[str] = []
    for word in reversed(place.before):
        if word not in FILLER_WORDS:
            break
        before.append(word)
    after: list[str] = []
    for word in place.after[:_REACH_WORDS]:
        if word in BOUNDARY_WORDS or word.endswith("ing"):
            break  # "zoom in on the dog running quickly"
        if word.endswith("ly") or word in VERY_WORDS or not after:
            after.append(word)
    for words in (before, place.itself[::-1], after[::-1]):
        for index, word in enumerate(words):
            if word in SLOW_WORDS | FAST_WORDS:
                amount = _SLOW_AMOUNT if word in SLOW_WORDS else _FAST_AMOUNT
                is_very = words[index + 1 : index + 2] and words[index + 1] in VERY_WORDS
                return amount * (_VERY if amount > 1 else 1 / _VERY) if is_very else amount
    return 1.0


def _in_stages(findings: list[_Finding]) -> tuple[Move, ...]:
    """Put moves that are said to follow each other, or undo each other, one after the other."""
    moves: list[Move] = []
    here: dict[Axis, int] = {}  # the directions of this stage
    stage = 0
    for finding in findings:
        move = finding.move
        if move is None:
            continue
        if move.axis is Axis.HANDHELD:  # goes on all the time, whatever else happens
            if all(other.axis is not Axis.HANDHELD for other in moves):
                moves.append(move)
            continue
        if move.axis in here and not finding.comes_next and here[move.axis] == move.direction:
            continue  # said twice
        if here and (finding.comes_next or move.axis in here):
            stage, here = stage + 1, {}
        if stage == _MAX_STAGES:
            break
        here[move.axis] = move.direction
        moves.append(replace(move, stage=stage))
    return tuple(moves)
