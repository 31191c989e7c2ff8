"""Stands in for mmcv's compiled ops, `mmcv/_ext`: modules that name ops load, a call fails."""


def __getattr__(name: str) -> object:
    if name.startswith('__'):
        raise AttributeError(name)

    def op(*args: object, **kwargs: object) -> None:
        raise NotImplementedError(f'mmcv is installed here without its compiled op {name}')

    return op
