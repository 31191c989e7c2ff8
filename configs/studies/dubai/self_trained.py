# Fine-tuned on the labels of train and on those that a trained model is sure of in the images of
# validation and test, see studies/dubai_finetuning.yaml.
_base_ = '../../ktda/best.py'
labelled = _base_.train_dataloader.dataset
guessed = [
    dict(
        labelled,
        data_prefix=dict(img_path=f'img_dir/{split}', seg_map_path=f'guessed/{split}'),
        seg_map_suffix='.tif',
    )
    for split in ('val', 'test')
]
both = dict(type='ConcatDataset', _delete_=True, datasets=[labelled, *guessed])
train_dataloader = dict(dataset=both)
