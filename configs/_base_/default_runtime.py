default_scope = 'mmseg'
custom_imports = dict(imports=['ktda_mmseg'], allow_failed_imports=False)
custom_hooks = [dict(type=name) for name in ('FitHook', 'ExactResumeHook', 'TeacherNoteHook')]
env_cfg = dict(
    cudnn_benchmark=True,
    mp_cfg=dict(mp_start_method='fork', opencv_num_threads=0),
    dist_cfg=dict(backend='nccl'),
)
vis_backends = [dict(type='LocalVisBackend')]
visualizer = dict(type='SegLocalVisualizer', vis_backends=vis_backends, name='visualizer')
log_processor = dict(by_epoch=False)
log_level = 'INFO'
randomness = dict(seed=42)
load_from = None
resume = False
tta_model = dict(type='BinarySegTTAModel')
