"""What mmengine writes as JSON, such as its logs, read by every parser."""

from typing import IO, Any

from mmengine.fileio import JsonHandler, register_handler
from mmengine.fileio.handlers.json_handler import set_default

from ktda_mmseg.utils.files import json_text


@register_handler('json')
class FiniteJsonHandler(JsonHandler):
    """Writes ``null`` for NaN and infinity, such as the loss of a run that went astray."""

    def dump_to_fileobj(self, obj: Any, file: IO[str], **options: Any) -> None:  # noqa: ANN401
        """Write a value to an open file."""
        file.write(self.dump_to_str(obj, **options))

    def dump_to_str(self, obj: Any, **options: Any) -> str:  # noqa: ANN401
        """Return a value as text."""
        return json_text(obj, **{'default': set_default, **options})
