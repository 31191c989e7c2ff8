"""How close a student comes to its teacher, level by level, logged while it trains."""

from mmengine.dist import master_only
from mmengine.hooks import Hook
from mmengine.runner import Runner
from mmseg.registry import HOOKS
from mmseg.utils import OptConfigType

from ktda_mmseg.engine.teacher_note import current_teacher
from ktda_mmseg.engine.unwrapping import unwrapped
from ktda_mmseg.models import FrozenTeacher

from .levels import similarity_by_level
from .maps import choose, coloured


@HOOKS.register_module()
class FeatureHook(Hook):
    """Log the similarity of student and teacher features on images of the validation split.

    The scalars ``similarity/backbone.cka.0`` ..., one a level, see
    :func:`.levels.similarity_by_level`, go where the losses go, before training, every
    ``interval`` iterations and at the end; so do pictures of the maps. Training is not changed.

    Args:
        interval (int): Iterations between two looks, at least 1.
        images (int): How many to compare features on, evenly spread over the split.
        shown (int): How many of those to draw; 0 draws none.
        teacher (dict | None): A teacher to compare with; None for the model's own. A student that
            trains alone has none.

    Raises:
        ValueError: If ``interval`` or ``images`` is below 1, or there is neither a teacher nor a
            validation split.
    """

    def __init__(
        self, interval: int = 500, images: int = 8, shown: int = 2, teacher: OptConfigType = None
    ) -> None:
        if min(interval, images) < 1:
            raise ValueError(
                f'expected FeatureHook.interval and images of at least 1, got {interval}, {images}'
            )
        self.interval = interval
        self.images = images
        self.shown = shown
        self.teacher_cfg = teacher

    @master_only
    def before_train(self, runner: Runner) -> None:
        """Choose the images, build the teacher and look a first time."""
        model = unwrapped(runner.model)
        teacher: FrozenTeacher | None = (
            FrozenTeacher(self.teacher_cfg, model.data_preprocessor)
            if self.teacher_cfg
            else current_teacher(runner)
        )
        if teacher is None or runner.val_loop is None:
            raise ValueError(
                'expected a teacher, as model.teacher or FeatureHook.teacher, and a validation '
                f'split, got teacher={bool(teacher)}, val={bool(runner.val_loop)}'
            )
        self.teacher = teacher
        self.student = model
        self.batches = choose(runner.val_loop.dataloader.dataset, self.images)
        self._look(runner, runner.iter)

    @master_only
    def after_train_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: dict | None = None,
        outputs: dict | None = None,
    ) -> None:
        """Look every ``interval`` iterations, and after the last."""
        if self.every_n_train_iters(runner, self.interval) or self.is_last_train_iter(runner):
            self._look(runner, runner.iter + 1)

    def _look(self, runner: Runner, step: int) -> None:
        # late: it brings matplotlib, which runs without this hook do without
        from ktda_mmseg.studies.figures import draw_maps, pixels_of

        found = similarity_by_level(self.student, self.teacher, self.batches, self.images)
        scalars = {
            f'similarity/{name}.{level}': value
            for name, values in found.items()
            for level, value in enumerate(values)
        }
        runner.visualizer.add_scalars(scalars, step=step)
        means = ', '.join(
            f'{name} {sum(values) / len(values):.3f}' for name, values in found.items()
        )
        runner.logger.info(f'Student and teacher after {step} iterations: {means}')
        for image in coloured({'': self.student}, self.teacher, self.batches[: self.shown]):
            picture = pixels_of(draw_maps(*image))
            runner.visualizer.add_image(f'features_{image.name}', picture, step)
