"""A database copied to another, whichever of the two kinds each of them is.

Rows go page by page, each page in one transaction of the target: how many rows it has is therefore how far a copy has
come, and one that was killed goes on from there. In the end both sides are read again and compared.
"""

from famulus.infra.copying.copier import Copied, Copier, Differs

__all__ = ["Copied", "Copier", "Differs"]
