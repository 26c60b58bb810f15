"""The process that makes a small picture of whatever is on standard input: no larger than a page shows it.

It is drawn anew, so that nothing of the original but its look comes out: no place where it was taken, no other format
hidden behind its end.
"""

import io
import sys
import warnings

from PIL import Image, ImageOps

from famulus.features.files.reading.confinement import confine

_SIDE = 512
# Four bytes each, and a few copies of them: well within what this process may have.
_MOST_PIXELS = 25_000_000
_QUALITY = 85
_CPU_SECONDS = 10
_FORMATS = ("PNG", "JPEG", "GIF", "WEBP")


def main() -> int:
    """Draw the picture; a status other than 0 where it is none, or too large."""
    Image.init()
    confine(cpu_seconds=_CPU_SECONDS)
    Image.MAX_IMAGE_PIXELS = _MOST_PIXELS
    warnings.simplefilter("error")
    try:
        # Only the head is read here: how large it is is known before anything is unpacked.
        with Image.open(sys.stdin.buffer, formats=_FORMATS) as image:
            if image.width * image.height > _MOST_PIXELS:
                return 2
            image.draft("RGB", (_SIDE, _SIDE))
            drawn = ImageOps.exif_transpose(image)
            drawn.thumbnail((_SIDE, _SIDE))
            plain = drawn.convert("RGBA" if drawn.has_transparency_data else "RGB")
        buffer = io.BytesIO()
        plain.save(buffer, "WEBP", quality=_QUALITY)
    except (OSError, ValueError, SyntaxError, EOFError, Warning, MemoryError, Image.DecompressionBombError):
        return 2
    sys.stdout.buffer.write(buffer.getvalue())
    return 0


if __name__ == "__main__":
    sys.exit(main())
