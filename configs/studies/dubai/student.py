# The student of the best recipe alone: no teacher, no modulation, labels from the first step.
_base_ = './one_stage.py'
model = dict(
    teacher=None,
    transfer_losses=None,
    standardise_teacher=False,
    decode_head=dict(modulation=None),
)
