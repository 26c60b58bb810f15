"""What can go wrong with an archive besides what is in it."""

from famulus.kit.errors import UnsupportedMedia


class ArchiveNotSentAsItIs(UnsupportedMedia):
    """An archive is sent as the body, and not as a form or compressed once more."""
