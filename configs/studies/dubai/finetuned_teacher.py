# The teacher's network and weights as the student, trained further: no transfer needed.
_base_ = './frozen_teacher.py'
model = dict(backbone=dict(frozen=False))
