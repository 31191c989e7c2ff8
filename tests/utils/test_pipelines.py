"""All data sets and steps are found, as configs have them and as they are built."""

from mmseg.registry import DATASETS, TRANSFORMS

from ktda_mmseg.utils.pipelines import datasets_in, steps_in

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


def test_data_sets_within_others_stand_in_their_place():
    parts = [
        dict(type='GrassDataset', ann_file=name, pipeline=[], lazy_init=True) for name in 'abc'
    ]
    first = dict(type='ConcatDataset', datasets=parts[:2], lazy_init=True)
    repeated = dict(type='RepeatDataset', dataset=parts[2], times=2, lazy_init=True)
    several = dict(type='ConcatDataset', datasets=[first, repeated], lazy_init=True)
    for nested, wanted in ((parts[0], parts[:1]), (several, parts)):
        assert [*datasets_in(nested)] == wanted
        built = [*datasets_in(DATASETS.build(nested))]
        assert [part.ann_file[-1] for part in built] == [part['ann_file'] for part in wanted]
    assert [*datasets_in(None)] == []
