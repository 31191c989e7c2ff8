"""What is said once for all levels of a pyramid, or for each."""

from collections.abc import Sequence


def one_a_level(name: str, value: int | Sequence[int], levels: int) -> list[int]:
    """Repeat a number for every level, or check that there is one for each.

    Args:
        name (str): Which argument it is, for the error.
        value (int | Sequence[int]): One number, or one a level.
        levels (int): Number of levels.

    Returns:
        list[int]: A number for each level.

    Raises:
        ValueError: If there are more or fewer than levels.
    """
    values = [value] * levels if isinstance(value, int) else list(value)
    if len(values) != levels:
        raise ValueError(
            f'expected {name} to be one number or {levels}, got {values} (one for each of '
            'in_channels)'
        )
    return values
