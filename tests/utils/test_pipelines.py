"""All steps are found, as configs have them and as they are built."""

from mmseg.registry import TRANSFORMS

from ktda_mmseg.utils.pipelines import steps_in

LOADING = [dict(type='LoadRasterFromFile'), dict(type='LoadAnnotations')]


def test_steps_within_others_stand_in_their_place():
    flips = [[dict(type='RandomFlip', prob=0.0)], [dict(type='RandomFlip', prob=1.0)]]
    pipeline = [
        dict(type='SeedSample'),
        dict(type='RememberSample', transforms=[*LOADING, dict(type='TrackPixels')]),
        dict(type='TestTimeAug', transforms=[flips, [dict(type='PackSegInputs')]]),
    ]
    assert [step['type'] for step in steps_in(pipeline)] == [
        *('SeedSample', 'LoadRasterFromFile', 'LoadAnnotations', 'TrackPixels'),
        *('RandomFlip', 'RandomFlip', 'PackSegInputs'),
    ]


def test_built_steps_are_found_as_well():
    built = TRANSFORMS.build(dict(type='RememberSample', transforms=LOADING))
    assert [type(step).__name__ for step in steps_in([built])] == [s['type'] for s in LOADING]
