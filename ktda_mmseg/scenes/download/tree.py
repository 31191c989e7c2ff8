"""Git's name for what a folder holds, to compare with that of a commit."""

import hashlib
from collections.abc import Collection
from pathlib import Path


def tree_id(folder: Path, leave_out: Collection[str] = ()) -> str:
    """Compute what ``git write-tree`` would, were the folder a repository.

    Source: "Git Objects" in Pro Git, and ``base_name_compare`` in git's ``read-cache.c`` for the
    order.

    Args:
        folder (Path): Folder of plain files, none executable, and folders, none empty.
        leave_out (Collection[str]): Names in it that do not count.

    Returns:
        str: SHA-1, 40 hexadecimal digits.
    """
    entries = {}
    for path in folder.iterdir():
        if path.name in leave_out:
            continue
        name = path.name.encode()
        if path.is_dir():
            # git sorts a folder as if its name ended in a slash
            entries[name + b'/'] = b'40000 %s\0' % name + bytes.fromhex(tree_id(path))
        else:
            digest = _object_id(b'blob', path.read_bytes())
            entries[name] = b'100644 %s\0' % name + bytes.fromhex(digest)
    return _object_id(b'tree', b''.join(entries[name] for name in sorted(entries)))


def _object_id(kind: bytes, content: bytes) -> str:
    header = b'%s %d\0' % (kind, len(content))
    return hashlib.sha1(header + content, usedforsecurity=False).hexdigest()
