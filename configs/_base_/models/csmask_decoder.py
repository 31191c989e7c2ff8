# The decoder of ukis-csmask's U-Net (DLR, Apache-2.0), whose last maps tell clouds and their
# shadows apart. The package's model_6b_l1c.onnx serves as it is.
_base_ = './csmask.py'
csmask_decoder_widths = [32, 128, 256]  # of strides 2, 8 and 16
csmask_decoder = dict(
    type='OnnxBackbone',
    checkpoint='pretrained/csmask_6b_l1c.onnx',
    outputs=[f'/model/decoder/blocks.{block}/conv2/conv2.2/Relu_output_0' for block in (3, 1, 0)],
    input_mean=_base_.csmask.input_mean,
    input_std=_base_.csmask.input_std,
    bands=_base_.csmask.bands,
    window=256,
)
