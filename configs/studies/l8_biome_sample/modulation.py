# The student and its modulation without a teacher.
_base_ = './one_stage.py'
model = dict(teacher=None, transfer_losses=None, standardise_teacher=False)
