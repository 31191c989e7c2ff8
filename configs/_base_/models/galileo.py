# Galileo (nano), which learned from Sentinel-2.
repository = 'https://raw.githubusercontent.com/nasaharvest/galileo/'
commit = '0f0b5b95ac81acef4b74cf4686dc877202f4541b'
weights = dict(type='Pretrained', checkpoint=f'{repository}{commit}/data/models/nano/encoder.pt')
galileo = dict(type='Galileo', init_cfg=weights)
