"""Which English words mean which camera move, and which words around them decide whether they do."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from generation.engines.camera.moves import Axis


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


SLOW_WORDS = _words(
    "slow slowly gentle gently slight slightly subtle subtly soft softly gradual gradually tiny little barely"
)
FAST_WORDS = _words(
    "quick quickly fast rapid rapidly swift swiftly sudden suddenly dramatic dramatically strong strongly "
    "extreme extremely hard heavy heavily wild wildly big crash smash whip"
)
VERY_WORDS = _words("very really super ultra")
MANNER_WORDS = SLOW_WORDS | FAST_WORDS | VERY_WORDS | _words("smooth smoothly steady steadily cinematic just")

CAMERA_WORDS = _words("camera cam shot view viewpoint lens frame")
ARTICLES = _words("a an the")
#: Words that begin an object: "pulls back the curtain" is not about the camera.
OBJECT_WORDS = ARTICLES | _words("his her its their my your our this that these those some")
#: What may stand between the start of a clause and a verb whose subject is the camera, said or not.
FILLER_WORDS = (
    CAMERA_WORDS
    | MANNER_WORDS
    | ARTICLES
    | _words(
        "please and or then now first finally also plus with let let's us we make it do have use using add "
        "apply want i to can you could should will would is are be of effect movement motion move long wide "
        "close up start starts begin begins by video animate create again it which that scene picture image "
        "photo"
    )
)
#: A clause ends before these; commas and full stops end one as well.
BOUNDARY_WORDS = _words("and or while as then but plus when with followed before")
NEGATIONS = _words(
    "no not without never nor neither avoid avoiding don't dont doesn't doesnt didn't isn't cannot can't "
    "won't shouldn't stop"
)
#: "first zoom in, then pan left": one after the other.
THEN = re.compile(r"\b(?:then|followed by|after that|afterwards|after which|before|finally)\b")

_LEFT_RIGHT = {
    "right to left": -1,
    "left to right": 1,
    "left": -1,
    "leftward": -1,
    "leftwards": -1,
    "right": 1,
    "rightward": 1,
    "rightwards": 1,
}
_UP_DOWN = {"up": 1, "upward": 1, "upwards": 1, "down": -1, "downward": -1, "downwards": -1}
_IN_OUT = {
    **dict.fromkeys(("in", "into", "inward", "inwards", "closer", "close", "forward", "forwards"), 1),
    **dict.fromkeys(("out", "outward", "outwards", "back", "backward", "backwards", "away"), -1),
}
_AROUND = {"clockwise": 1, "counterclockwise": -1}


@dataclass(frozen=True, slots=True)
class Verb:
    """A word for a camera move, in the forms people write it.

    With a direction word after it, a verb is a move if the camera, or nobody, is the subject of its clause: people and
    things push and roll as well. Without one it is bare, and needs more to be understood as a move.
    """

    forms: str
    #: The words that may follow, and the axis with +1 or -1 that each means.
    directions: Mapping[str, tuple[Axis, int]]
    #: With a direction it means the camera whatever the subject: "a smiling woman zoom in".
    is_camera_term: bool = False
    #: There is no other reading, not even of the bare verb.
    is_unmistakable: bool = False
    #: Only the camera's own doing counts: "the camera glides left".
    needs_camera: bool = False
    #: Axis and direction of the bare verb; None: it means nothing.
    bare: tuple[Axis, int] | None = None
    #: The bare verb is a move before one of these words: "pans across".
    bare_before: frozenset[str] = frozenset()
    #: The bare verb is a move where it stands alone or with a manner: "slow zoom".
    bare_alone: bool = False
    #: Directly after one of these it is a thing: "a frying pan left on the stove".
    thing_after: frozenset[str] = frozenset()


def _on(axis: Axis, words: Mapping[str, int]) -> dict[str, tuple[Axis, int]]:
    return {word: (axis, direction) for word, direction in words.items()}


SHOT_WORDS = _words("shot effect movement motion move")
_ALONG = _words("across over around along from to toward towards")
#: "The pan left on the stove" was left there.
LEFT_BEHIND = _words("on in behind alone unattended by at inside outside")
_KITCHEN = _words(
    "frying baking sauce saute iron hot cake cooking roasting metal steel bread pizza dust drip grill empty"
)
_GLIDE = {
    **_on(Axis.PAN, _LEFT_RIGHT),
    **_on(Axis.TILT, _UP_DOWN),
    **_on(Axis.ZOOM, _IN_OUT),
}

VERBS: tuple[Verb, ...] = (
    Verb(
        r"(?:dolly|dollies|hitchcock|contra|reverse|trombone) zoom(?:s|ing)?|zolly|"
        r"vertigo (?:effect|shot|zoom|style|look)",
        _on(Axis.DOLLY_ZOOM, _IN_OUT),
        is_unmistakable=True,
        bare=(Axis.DOLLY_ZOOM, 1),
    ),
    Verb(
        r"zoom(?:s|ed|ing)?",
        _on(Axis.ZOOM, _IN_OUT),
        is_camera_term=True,
        bare=(Axis.ZOOM, 1),
        bare_alone=True,
        bare_before=SHOT_WORDS | _words("on to toward towards at"),
    ),
    Verb(
        r"dolly|dollies|dollying|dollied",
        _GLIDE,
        is_camera_term=True,
        bare=(Axis.ZOOM, 1),
        bare_before=SHOT_WORDS | _words("toward towards"),
    ),
    Verb(r"push(?:es|ed|ing)?", _on(Axis.ZOOM, {"in": 1, "into": 1, "closer": 1, "forward": 1, "out": -1})),
    Verb(r"pull(?:s|ed|ing)?", _on(Axis.ZOOM, {"back": -1, "out": -1, "away": -1, "backward": -1, "in": 1})),
    Verb(
        r"pan(?:s|ned|ning)?",
        {**_on(Axis.PAN, _LEFT_RIGHT), **_on(Axis.TILT, _UP_DOWN)},
        is_camera_term=True,
        bare=(Axis.PAN, 0),
        bare_alone=True,
        bare_before=SHOT_WORDS | _ALONG,
        thing_after=_KITCHEN,
    ),
    Verb(
        r"truck(?:s|ed|ing)?|crab(?:s|bing)?|strafe(?:s|d)?|strafing",
        _on(Axis.PAN, _LEFT_RIGHT),
        bare=(Axis.PAN, 0),
        bare_before=_words("shot"),
        thing_after=OBJECT_WORDS,
    ),
    Verb(
        r"tilt(?:s|ed|ing)?",
        {**_on(Axis.TILT, _UP_DOWN), **_on(Axis.PAN, _LEFT_RIGHT)},
        bare=(Axis.TILT, 1),
        bare_before=_words("shot"),
    ),
    Verb(
        r"pedestal(?:s|ing)?|crane(?:s|d)?|craning|jib(?:s|bing)?|boom(?:s|ing)?",
        _on(Axis.TILT, _UP_DOWN),
        bare=(Axis.TILT, 1),
        bare_before=_words("shot"),
        thing_after=OBJECT_WORDS,
    ),
    Verb(r"track(?:ing)?(?: shot)?", _on(Axis.PAN, _LEFT_RIGHT), thing_after=OBJECT_WORDS),
    Verb(r"roll(?:s|ed|ing)?", _on(Axis.ROLL, _LEFT_RIGHT), needs_camera=True),
    Verb(
        r"roll(?:s|ed|ing)?|rotat(?:e|es|ed|ing)|rotation|spin(?:s|ning)?",
        _on(Axis.ROLL, _AROUND),
        bare=(Axis.ROLL, 0),
        bare_before=_words("shot"),
    ),
    Verb(
        r"orbit(?:s|ed|ing)?|arc(?:s|ed|ing)?",
        {**_on(Axis.ORBIT, _LEFT_RIGHT), "clockwise": (Axis.ORBIT, -1), "counterclockwise": (Axis.ORBIT, 1)},
        bare=(Axis.ORBIT, 0),
        bare_alone=True,
        bare_before=SHOT_WORDS | _words("around round"),
    ),
    Verb(
        r"circl(?:e|es|ed|ing)|revolv(?:e|es|ing)",
        _on(Axis.ORBIT, _LEFT_RIGHT),
        bare=(Axis.ORBIT, 0),
        needs_camera=True,
    ),
    Verb(
        r"mov(?:e|es|ed|ing)|drift(?:s|ed|ing)?|glid(?:e|es|ing)|slid(?:e|es|ing)|track(?:s|ed|ing)?|"
        r"fl(?:y|ies|ying)|float(?:s|ing)?|travel(?:s|ling|ing)?|go(?:es)?|creep(?:s|ing)?|swing(?:s|ing)?",
        _GLIDE,
        needs_camera=True,
    ),
    Verb(r"ris(?:e|es|ing)|ascend(?:s|ing)?", {}, bare=(Axis.TILT, 1), needs_camera=True),
    Verb(r"descend(?:s|ing)?|sink(?:s|ing)?", {}, bare=(Axis.TILT, -1), needs_camera=True),
)

HANDHELD = re.compile(
    r"\bhandheld\b(?! (?:console|device|radio|fan|phone|vacuum|game|mirror|torch|computer|drill|mixer|scanner))"
    r"|\bshak(?:y|ing|ey) (?:cam|camera|camerawork|footage|shot|video|frame|view|lens)\b"
    r"|\b(?:camera|cam) shak(?:e|es|ing)\b|\bcamera (?:is )?(?:\w+ )?shak(?:y|ing|es)\b"
)
STILL = re.compile(
    r"\b(?:still|static|stationary|motionless|fixed|locked|lockedoff|unmoving|immobile|steady locked) "
    r"(?:cam|camera|shot|frame|framing|view|viewpoint)\b"
    r"|\b(?:camera|shot|frame|view) (?:is |stays |remains |holds |keeps |kept |stands |held |should be |must be )?"
    r"(?:completely |perfectly |absolutely |totally )?(?:still|static|stationary|motionless|fixed|lockedoff|locked)\b"
    r"|\blockedoff\b|\btripod shot\b"
    r"|\b(?:no|without|zero|without any|no more) (?:camera (?:move|moves|movement|movements|motion)|moving camera)\b"
    r"|\b(?:don't|dont|do not|without|never) (?:move|moving|moves) the camera\b"
    r"|\bcamera (?:does not|doesn't|doesnt|never|must not|should not|shouldn't|is not|isn't|not) mov(?:e|es|ing)\b"
)


def _compile(verb: Verb) -> re.Pattern[str]:
    # "pans the camera slowly to the left": what may stand between the verb and its direction.
    between = "|".join(
        sorted(MANNER_WORDS | {"the camera", "camera", "to", "the", "from", "a", "bit", "all", "way", "shot"})
    )
    words = "|".join(sorted(verb.directions, key=len, reverse=True))
    if not words:
        return re.compile(rf"\b(?:{verb.forms})\b")
    return re.compile(
        rf"\b(?:{verb.forms})\b"
        rf"(?:(?: (?:{between})){{0,5}}? (?P<direction>{words})\b(?: and(?: then)?(?: back)? (?P<back>{words})\b)?)?"
    )


#: Every word that belongs to a camera move; between a "no" and its verb they are passed over.
MOVE_WORD = re.compile("|".join([verb.forms for verb in VERBS] + [word for verb in VERBS for word in verb.directions]))

#: Each verb with its pattern, in the order in which they claim words: "dolly zoom" before "zoom".
PATTERNS: tuple[tuple[Verb, re.Pattern[str]], ...] = tuple((verb, _compile(verb)) for verb in VERBS)

#: Spellings that are brought to one before anything is looked for.
SPELLINGS: Mapping[str, str] = MappingProxyType(
    {
        "counter clockwise": "counterclockwise",
        "anti clockwise": "counterclockwise",
        "anticlockwise": "counterclockwise",
        "hand held": "handheld",
        "locked off": "lockedoff",
        "locked down": "lockedoff",
        "lock off": "lockedoff",
    }
)
