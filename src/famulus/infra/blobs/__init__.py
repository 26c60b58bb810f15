"""Bytes that are too many for a row, under keys of ours: in a folder, or in a bucket of S3.

A blob is written once, read often and never changed. Which blobs are still meant to be there is known to the database
alone: a key without a row is an orphan, whatever led to it, and is swept away.
"""

from famulus.infra.blobs.bucket import BucketBlobs, open_bucket
from famulus.infra.blobs.folder import FolderBlobs
from famulus.infra.blobs.store import BlobNotFound, Blobs, Part, Stored, read_whole, translated

__all__ = [
    "BlobNotFound",
    "Blobs",
    "BucketBlobs",
    "FolderBlobs",
    "Part",
    "Stored",
    "open_bucket",
    "read_whole",
    "translated",
]
