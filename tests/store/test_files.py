"""The files of jobs: whole or not at all, shared without being copied, and nobody's are swept away."""

from pathlib import Path

import pytest

from bot.store.files import JobFiles
from generation.picture import Picture


@pytest.fixture
def files(folder: Path) -> JobFiles:
    return JobFiles(folder)


def names(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_a_picture_comes_back_as_it_was(files: JobFiles, picture: Picture, folder: Path) -> None:
    """With its sides, and nothing lies beside it."""
    files.save_pictures("a", picture, picture)
    assert files.load_picture(files.picture("a")) == picture
    assert files.load_picture(files.end_picture("a")) == picture
    assert names(folder) == {"pictures/a.png", "pictures/a-end.png"}


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(
    files: JobFiles, picture: Picture, folder: Path
) -> None:
    """Where the new content cannot be written, what was there stays whole."""
    files.save_poster("a", b"first")
    with pytest.raises(TypeError):
        files.save_poster("a", "no bytes")  # type: ignore[arg-type]
    assert files.poster("a").read_bytes() == b"first"
    files.save_poster("a", b"second")
    assert files.poster("a").read_bytes() == b"second"
    assert names(folder) == {"videos/a.jpg"}


def test_what_a_crash_left_is_swept_and_what_a_row_knows_stays(files: JobFiles, picture: Picture, folder: Path) -> None:
    """Strangers and halves go; both pictures of a job, its video and its still stay."""
    for job_id in ("a", "b"):
        files.save_pictures(job_id, picture, picture)
        files.save_poster(job_id, b"jpeg")
        files.video(job_id).write_bytes(b"mp4")
    (folder / "pictures" / ".c.png.part").write_bytes(b"half")
    (folder / "videos" / ".c.mp4.part").write_bytes(b"half")
    assert files.sweep({"a"}, {"b"}) == 6
    assert names(folder) == {"pictures/a.png", "pictures/a-end.png", "videos/b.mp4", "videos/b.jpg"}
    assert files.sweep({"a"}, {"b"}) == 0


def test_files_that_share_their_disk_count_once(files: JobFiles, picture: Picture) -> None:
    """The cap is one of the disk, not of names."""
    files.save_pictures("a", picture, None)
    files.picture("b").hardlink_to(files.picture("a"))
    assert files.used_bytes() == len(picture.png)
    files.delete_pictures("a")
    assert files.load_picture(files.picture("b")) == picture


def test_deleting_what_is_not_there_is_no_error(files: JobFiles, picture: Picture, folder: Path) -> None:
    """A deletion that a crash interrupted can be done again."""
    files.save_pictures("a", picture, None)
    for _ in range(2):
        files.delete_pictures("a")
        files.delete_video("a")
    assert names(folder) == set()


def test_the_size_of_a_job_is_that_of_all_its_files(files: JobFiles, picture: Picture) -> None:
    """Pictures, video and still; of a job without files it is nothing."""
    files.save_pictures("a", picture, None)
    files.save_poster("a", b"12345")
    files.video("a").write_bytes(b"123")
    assert files.bytes_of("a") == len(picture.png) + 8
    assert files.bytes_of("b") == 0


def test_nobody_else_can_read_the_folders(files: JobFiles, folder: Path) -> None:
    """Pictures of people are the operator's and theirs."""
    for name in ("pictures", "videos"):
        assert (folder / name).stat().st_mode & 0o077 == 0
