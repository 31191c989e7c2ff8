"""Print a config with all it inherits."""

from of_mmseg import run

if __name__ == '__main__':
    run('misc/print_config')
