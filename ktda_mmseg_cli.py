"""``ktda``: the tools of this project as one command, for those who have no clone of it.

It lies beside the package, not in it: importing the package takes seconds, ``ktda --help`` none.
"""

import argparse
import ast
import os
import re
import sys
from difflib import get_close_matches
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

# by the order of work; the first line of a tool says what it does
COMMANDS = {
    'init': 'init_config.py',
    'download': 'download_dataset.py',
    'prepare': 'prepare_dataset.py',
    'check': 'check_dataset.py',
    'cache': 'cache_teacher.py',
    'train': 'train.py',
    'test': 'test.py',
    'calibrate': 'calibrate.py',
    'report': 'analysis_tools/report.py',
    'map': 'predict_scene.py',
    'serve': 'serve.py',
    'export': 'export.py',
    'study': 'run_study.py',
    'publish': 'publish.py',
    'convert convnext': 'model_converters/convnext_to_mmpretrain.py',
    'convert csmask': 'model_converters/csmask_to_timm.py',
    'convert dinov2': 'model_converters/dinov2_to_mmpretrain.py',
    'convert official': 'model_converters/official_to_ktda.py',
    'convert onnx': 'model_converters/onnx_to_dinov2.py',
    'convert to-deploy': 'model_converters/to_deploy.py',
    'benchmark': 'analysis_tools/benchmark.py',
    'benchmark-scene': 'analysis_tools/benchmark_scene.py',
    'memory': 'analysis_tools/memory.py',
    'scaling': 'analysis_tools/scaling.py',
    'features': 'analysis_tools/visualize_features.py',
    'study-features': 'analysis_tools/study_features.py',
    'score-csmask': 'analysis_tools/score_csmask.py',
    'browse': 'analysis_tools/browse_dataset.py',
    'confusion': 'analysis_tools/confusion_matrix.py',
    'flops': 'analysis_tools/get_flops.py',
    'logs': 'analysis_tools/analyze_logs.py',
    'print-config': 'analysis_tools/print_config.py',
    'collect-env': 'analysis_tools/collect_env.py',
}


def main() -> None:
    """Run the tool that the first words of the command line name."""
    if '_ARGCOMPLETE' in os.environ:
        return complete()
    words = sys.argv[1:]
    name = find(words)
    if name in COMMANDS:
        return run(name, words[len(name.split()) :])
    if words[:1] == ['--version']:
        return print(version())
    if not name and words[:1] in ([], ['-h'], ['--help']):
        return print(usage())
    sys.exit(f'ktda: error: {_unknown(name, words)}; `ktda --help` lists all')


def find(words: list[str]) -> str:
    """Return the command that words begin with, or what of them is the beginning of one."""
    name = ' '.join(words[:2])
    while name and name not in COMMANDS and not following(name):
        name = name.rpartition(' ')[0]
    return name


def following(name: str) -> list[str]:
    """Return which words may follow a command that is not complete."""
    begun = name.split()
    known = [command.split() for command in COMMANDS]
    return [*dict.fromkeys(k[len(begun)] for k in known if k[: len(begun)] == begun != k)]


def run(name: str, arguments: list[str]) -> None:
    """Run a tool in this process, as a script that is called by its command.

    Raises:
        SystemExit: As the tool does; with one line where the package cannot be imported.
    """
    root = home()
    script = root / 'tools' / COMMANDS[name]
    # configs of the package, as other configs inherit them
    given = [re.sub('^ktda_mmseg::', f'{root}/configs/', word) for word in arguments]
    sys.argv = [f'ktda {name}', *given]
    sys.path.insert(0, str(script.parent))  # where scripts find what they share
    # runpy would call it by its path in all that it says of its usage
    module = sys.modules['__main__'] = ModuleType('__main__')
    module.__file__ = str(script)
    try:
        exec(compile(script.read_bytes(), str(script), 'exec'), vars(module))
    except ImportError as error:
        sys.exit(f'error: {_refusal(error)}')


def home() -> Path:
    """Return the folder of tools/ and configs/: in an installed package, or the clone it is in."""
    spec = find_spec('ktda_mmseg')  # which does not import it
    package = Path(spec.origin).parent if spec and spec.origin else Path(__file__).parent
    installed = package / '.mim'
    return installed if installed.is_dir() else package.parent


def usage() -> str:
    """Return the table of commands, each with the first line of its tool."""
    folder = home() / 'tools'
    width = max(map(len, COMMANDS))
    rows = []
    for name, file in COMMANDS.items():
        text = ast.get_docstring(ast.parse((folder / file).read_bytes())) or ''
        rows.append(f'  {name:{width}}  {text.splitlines()[0]}')
    return '\n'.join(
        [
            'usage: ktda COMMAND [arguments]',
            '       ktda COMMAND --help',
            '       ktda --version',
            '',
            *rows,
            '',
            "CONFIG may be one of the package's own: ktda_mmseg::ktda/best.py",
            'Under torchrun: torchrun --nproc-per-node N -m ktda_mmseg COMMAND [arguments]',
        ]
    )


def version() -> str:
    """Return the versions of the package and of what it stands on, and the device.

    Raises:
        SystemExit: With one line where the package cannot be imported.
    """
    try:
        from ktda_mmseg.utils.environment import describe
    except ImportError as error:
        sys.exit(f'error: {error}')
    return describe()


def complete() -> None:
    """Answer the shell, which asks by argcomplete what may come next."""
    import argcomplete

    line, point = os.environ['COMP_LINE'], int(os.environ['COMP_POINT'])
    start = int(os.environ['_ARGCOMPLETE'])  # words that call this command
    name = find(argcomplete.split_line(line, point)[3][start:])
    os.environ['_ARGCOMPLETE'] = str(start + len(name.split()))
    if name in COMMANDS:

        def answer(parser: argparse.ArgumentParser, *_: object) -> None:
            argcomplete.autocomplete(parser)

        # a tool has its parser when it parses; here that is as far as it comes
        for parse in ('parse_args', 'parse_intermixed_args'):
            setattr(argparse.ArgumentParser, parse, answer)
        return run(name, [])
    parser = argparse.ArgumentParser()
    parser.add_argument('command', choices=following(name))
    argcomplete.autocomplete(parser)


def _refusal(error: ImportError) -> ImportError:
    """Return why the package cannot be imported; raise the error where it is something else."""
    try:
        import_module('ktda_mmseg')
    except ImportError as refusal:
        return refusal
    raise error


def _unknown(name: str, words: list[str]) -> str:
    begun = len(name.split())
    choices = following(name)
    if len(words) == begun:
        return f'expected {name} {"|".join(choices)}'
    near = get_close_matches(words[begun], choices, n=1, cutoff=0.5)
    meant = f", but '{' '.join([*words[:begun], near[0]])}'" if near else ''
    return f"there is no command '{' '.join(words[: begun + 1])}'{meant}"


if __name__ == '__main__':
    main()
