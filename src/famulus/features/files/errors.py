"""What can go wrong with files, as far as a caller can do something about it."""

from famulus.kit.errors import Conflict, Invalid, NotFound, TooLarge, Unprocessable, UnsupportedMedia


class FileNotFound(NotFound):
    """There is no such file, or it is somebody else's."""


class FileTooLarge(TooLarge):
    """One file has more bytes than are accepted."""


class StorageQuotaExceeded(TooLarge):
    """The person's files would take more room than they may."""


class TooManyFiles(TooLarge):
    """One request carries more files, or more parts, than are accepted."""


class FileTypeRefused(UnsupportedMedia):
    """The content is of no kind that is accepted, whatever its name says."""


class UploadNotUnderstood(UnsupportedMedia):
    """The body is sent in a way that is not understood."""


class UploadMalformed(Invalid):
    """The body is not what it says it is, or ends too early."""


class NoFileSent(Invalid):
    """The form carries no file."""


class RangeNotSatisfiable(Unprocessable):
    """The file has no bytes there."""

    status = 416


class PictureNotFound(NotFound):
    """There is no picture."""


class PictureRefused(Unprocessable):
    """The picture cannot be made smaller, or is none."""


class TextNotThere(Conflict):
    """The file's text is not read yet, or cannot be read."""
