"""Count the memory that training steps of configs need, without running them: no GPU, seconds.

A config may be followed by +bf16 or +alone (no teacher). What is counted are the tensors: weights,
gradients, optimizer states, activations. A GPU takes more, for its libraries and for what
PyTorch's allocator cannot use of the blocks it holds.
"""

import argparse

from step_arguments import add_step_arguments


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add_step_arguments(parser, 'each config')
    return parser.parse_args()


def main() -> None:
    """Count and print."""
    args = parse_args()
    from mmengine.logging import MMLogger

    from ktda_mmseg.benchmark.memory import count_memory, format_memory, write_memory
    from ktda_mmseg.benchmark.steps import Variant
    from ktda_mmseg.utils.errors import clean_errors
    from ktda_mmseg.utils.tables import aligned

    with clean_errors():
        MMLogger.get_current_instance().setLevel('ERROR')
        variants = [Variant.parse(text, args.cfg_options) for text in args.configs]
        found = [count_memory(variant, args.batch_size, args.size) for variant in variants]
        print(aligned(format_memory(found)))
        if args.json:
            write_memory(found, args.json)


if __name__ == '__main__':
    main()
