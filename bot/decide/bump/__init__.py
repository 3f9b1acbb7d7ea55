"""The bump: moves images in values files by editing bytes, and proves that nothing else changed (row R2).

`bump_images` and `read_images` work on components and a path template; `apply_edits` on JSON Pointers. All
three take and return bytes and do no I/O. What cannot be edited with certainty raises `BumpRefused` (attack
case 52).
"""

from bot.decide.bump.edits import apply_edits
from bot.decide.bump.images import bump_images, read_images
from bot.decide.bump.lookup import pointer_tokens, to_pointer
from bot.decide.bump.places import path_tokens
from bot.decide.bump.values import BumpRefused, Edit, ScalarEdit
from bot.model.image import Image, ImageAt

__all__ = [
    "BumpRefused",
    "Edit",
    "Image",
    "ImageAt",
    "ScalarEdit",
    "apply_edits",
    "bump_images",
    "path_tokens",
    "pointer_tokens",
    "read_images",
    "to_pointer",
]
