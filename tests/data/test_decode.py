"""Image files become pixels of one size."""

from __future__ import annotations

import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from automl.data.decode import decode, unreadable_files
from automl.errors import DataError

GREY = np.arange(48, dtype=np.uint8).reshape(6, 8) * 5
COLOUR = np.random.default_rng(0).integers(0, 256, (6, 8, 3), dtype=np.uint8)
ALPHA = np.dstack([COLOUR, np.repeat([[0, 255]], 6, axis=0).repeat(4, axis=1).astype(np.uint8)])


@pytest.mark.parametrize("ending", ["png", "bmp", "gif", "webp"])
def test_grey_files_of_every_format_that_loses_nothing_keep_their_pixels(tmp_path, save, ending):
    options = {"lossless": True, "exact": True} if ending == "webp" else {}
    found = decode([save(tmp_path / f"x.{ending}", GREY, **options)]).images
    assert (found[0] == GREY).all() and found.shape_of_one[1:] == (6, 8)


@pytest.mark.parametrize("ending", ["png", "bmp", "webp"])
def test_colour_files_keep_their_pixels(tmp_path, save, ending):
    options = {"lossless": True} if ending == "webp" else {}
    found = decode([save(tmp_path / f"x.{ending}", COLOUR, **options)]).images
    assert (found[0] == COLOUR.transpose(2, 0, 1)).all()


def test_jpeg_files_are_read_as_pillow_reads_them(tmp_path, save):
    path = save(tmp_path / "x.JPG", COLOUR, format="jpeg")
    assert (decode([path]).images[0] == np.asarray(Image.open(path)).transpose(2, 0, 1)).all()


def test_a_palette_becomes_colours(tmp_path, save):
    paletted = Image.fromarray(COLOUR).quantize(256)
    found = decode([save(tmp_path / "x.png", paletted)]).images
    assert (found[0] == np.asarray(paletted.convert("RGB")).transpose(2, 0, 1)).all()


def test_what_is_transparent_lies_on_white(tmp_path, save):
    found = decode([save(tmp_path / "x.png", ALPHA)]).images[0]
    assert (found[:, :, :4] == 255).all() and (found[:, :, 4:] == COLOUR[:, 4:].transpose(2, 0, 1)).all()


def test_a_transparent_grey_file_stays_grey(tmp_path, save):
    found = decode([save(tmp_path / "x.png", Image.fromarray(ALPHA).convert("LA"))]).images
    assert found.shape_of_one == (1, 6, 8) and (found[0][0, :, :4] == 255).all()


def test_sixteen_bits_become_eight(tmp_path, save):
    wide = np.arange(48, dtype=np.uint16).reshape(6, 8) * 5 * 257
    assert (decode([save(tmp_path / "x.png", wide)]).images[0] == GREY).all()


def test_grey_among_colours_becomes_colour(tmp_path, save):
    found = decode([save(tmp_path / "a.png", GREY), save(tmp_path / "b.png", COLOUR)]).images
    assert found.shape_of_one == (3, 6, 8) and (found[0] == GREY).all()


def test_the_side_that_is_up_is_followed(tmp_path, save):
    exif = Image.Exif()
    exif[0x0112] = 6
    found = decode([save(tmp_path / "x.png", GREY, exif=exif.tobytes())]).images
    assert (found[0][0] == np.rot90(GREY, -1)).all()


def test_of_moving_pictures_the_first_counts(tmp_path, save):
    frames = [Image.fromarray(np.full((4, 4), shade, dtype=np.uint8)) for shade in (10, 200)]
    path = save(tmp_path / "x.gif", frames[0], save_all=True, append_images=frames[1:])
    assert (decode([path]).images[0] == 10).all()


def test_files_of_several_sizes_get_the_median_height_and_width(tmp_path, save):
    sizes = [(4, 20), (6, 10), (50, 12)]
    paths = [save(tmp_path / f"{place}.png", place, size) for place, size in enumerate(sizes)]
    assert decode(paths).images.shape_of_one == (1, 6, 12)


def test_no_stored_side_is_longer_than_224(tmp_path, save):
    path = save(tmp_path / "x.png", np.full((448, 300), 9, dtype=np.uint8))
    found = decode([path]).images
    assert found.shape_of_one == (1, 224, 150) and (found[0] == 9).all()


def test_a_size_that_is_given_is_kept_to(tmp_path, save):
    assert decode([save(tmp_path / "x.png", GREY)], (3, 5)).images.shape_of_one == (1, 3, 5)


def test_a_large_photograph_shrinks_to_its_shades(tmp_path, save):
    values = np.repeat([[50, 200]], 1200, axis=0).repeat(800, axis=1).astype(np.uint8)
    found = decode([save(tmp_path / "x.jpg", values)]).images[0][0].astype(int)
    assert found.shape == (168, 224)
    assert np.abs(found[:, :100] - 50).max() <= 2 and np.abs(found[:, 124:] - 200).max() <= 2


def bomb() -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 10_000, 10_000, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0")) + chunk(b"IEND", b"")


@pytest.fixture
def damaged(tmp_path, save):
    """Three files of four that cannot be read, and one that is not there."""
    whole = save(tmp_path / "whole.png", GREY)
    (tmp_path / "cut.png").write_bytes(save(tmp_path / "x.png", 3, (60, 80)).read_bytes()[:200])
    (tmp_path / "foreign.jpg").write_text("no picture")
    (tmp_path / "bomb.png").write_bytes(bomb())
    return [whole, tmp_path / "cut.png", tmp_path / "foreign.jpg", tmp_path / "bomb.png", tmp_path / "gone.gif"]


def test_files_that_cannot_be_read_are_told_by_place_and_reason(damaged):
    decoded = decode(damaged)
    assert decoded.images.isna().tolist() == [False, True, True, True, True]
    assert decoded.unreadable[1].startswith(("image file is truncated", "unrecognized data stream"))
    assert {place: decoded.unreadable[place] for place in (2, 3, 4)} == {
        2: "no image",
        3: "10000 x 10000 pixels are too many",
        4: "no such file",
    }


def test_files_none_of_which_can_be_read_are_no_images(damaged):
    assert decode(damaged[2:]).images.isna().all()
    assert len(decode([]).images) == 0


def test_a_foreign_format_under_an_image_name_is_not_opened(tmp_path, save):
    save(tmp_path / "x.tiff", GREY).rename(tmp_path / "x.png")
    assert decode([tmp_path / "x.png"]).unreadable == {0: "no image"}


def test_few_unreadable_files_are_a_finding(damaged):
    paths = damaged[:1] * 40 + damaged[1:]
    (finding,) = unreadable_files(decode(paths), [path.name for path in paths], "here", "they are left out")
    assert finding.kind == "unreadable"
    assert finding.sentence.startswith("4 of 44 image files cannot be read, such as cut.png (")
    assert finding.sentence.endswith(
        "foreign.jpg (no image), bomb.png (10000 x 10000 pixels are too many): they are left out"
    )


def test_many_unreadable_files_are_refused(damaged):
    with pytest.raises(DataError, match=r"^here: 4 of 5 image files cannot be read, such as cut\.png \(.*foreign\.jpg"):
        unreadable_files(decode(damaged), [path.name for path in damaged], "here", "they are left out")


def test_files_that_can_all_be_read_are_no_finding(damaged):
    assert unreadable_files(decode(damaged[:1]), ["whole.png"], "here", "they are left out") == []
