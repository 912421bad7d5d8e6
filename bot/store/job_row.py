"""A job between its row and the plain data that the services know."""

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass

from bot.domain.job import CreditState, Failure, Job, JobState, Lane, Origin, Requester, VideoFacts

#: What ``job_of`` needs of a query.
COLUMNS = "job.*, person.platform, person.user, person.name"
FROM = "FROM job JOIN person ON person.id = job.requester"


@dataclass(frozen=True, slots=True)
class NewJob:
    """What a row is made of when it is accepted."""

    id: str
    requester: Requester
    origin: Origin
    key: str
    prompt: str
    options: Mapping[str, str]
    model: str
    preset: str
    seed: int
    width_px: int
    height_px: int
    frames: int
    fps: int
    steps: int
    estimate_s: float | None
    price_mcr: int
    has_end_picture: bool


def column_values(new: NewJob) -> dict[str, str | int | float | None]:
    """Return the columns of a new row; its place in the queue and its instant come with its acceptance."""
    return {
        "id": new.id,
        "requester": new.requester.id,
        "channel": new.origin.channel,
        "place": new.origin.place,
        "address": new.origin.address,
        "max_video_bytes": new.origin.max_video_bytes,
        "is_private": int(new.origin.is_private),
        "key": new.key or None,
        "prompt": new.prompt,
        "options": json.dumps(dict(new.options)),
        "model": new.model,
        "preset": new.preset,
        "seed": new.seed,
        "width_px": new.width_px,
        "height_px": new.height_px,
        "frames": new.frames,
        "fps": new.fps,
        "steps": new.steps,
        "estimate_s": new.estimate_s,
        "price_mcr": new.price_mcr,
        "has_end_picture": int(new.has_end_picture),
    }


def job_of(row: sqlite3.Row) -> Job:
    return Job(
        id=row["id"],
        requester=Requester(row["platform"], row["user"], row["name"]),
        origin=Origin(
            row["channel"],
            row["place"],
            row["address"],
            max_video_bytes=row["max_video_bytes"],
            is_private=bool(row["is_private"]),
        ),
        state=JobState(row["state"]),
        lane=Lane(row["lane"]),
        prompt=row["prompt"],
        options=json.loads(row["options"]),
        model=row["model"],
        preset=row["preset"],
        seed=row["seed"],
        width_px=row["width_px"],
        height_px=row["height_px"],
        frames=row["frames"],
        fps=row["fps"],
        steps=row["steps"],
        price_mcr=row["price_mcr"],
        credits=CreditState(row["credits"]),
        lost_renders=row["lost_renders"],
        has_end_picture=bool(row["has_end_picture"]),
        has_picture=bool(row["has_picture"]),
        has_video=bool(row["has_video"]),
        is_shrunk=bool(row["is_shrunk"]),
        created_ms=row["created_ms"],
        started_ms=row["started_ms"],
        ended_ms=row["ended_ms"],
        video=None if row["video"] is None else VideoFacts(**json.loads(row["video"])),
        failure=None if row["failure"] is None else Failure(**json.loads(row["failure"])),
    )
