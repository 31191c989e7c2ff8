"""Map whole scenes of any size with a trained model."""

import sys

from scene_arguments import parse_args


def main() -> None:
    """Map the scenes; one line and exit code 1 at the end if one failed."""
    args = parse_args()

    # imported only now, so that --help answers at once
    import ktda_mmseg  # noqa: F401
    from ktda_mmseg.scenes.map.polygons import Outlines
    from ktda_mmseg.scenes.map.products import Products
    from ktda_mmseg.scenes.map.running import map_scenes
    from ktda_mmseg.scenes.map.scene_inferencer import SceneInferencer
    from ktda_mmseg.scenes.map.sources import find_dated, find_references
    from ktda_mmseg.scenes.map.stac import Origin
    from ktda_mmseg.scenes.map.strips import Layers
    from ktda_mmseg.scenes.predictors import load_predictor
    from ktda_mmseg.scenes.prepare.label_file import read_label_map
    from ktda_mmseg.utils.errors import clean_errors
    from ktda_mmseg.utils.workers import Workers

    with clean_errors():
        dated = find_dated(args.scenes, args.asset, [args.out])
        scenes = {name: scene.path for name, scene in dated.items()}
        origin = None if args.stac is None else Origin.of(dated, args.stac, args.model)
        masks = find_references(args.reference, scenes) if args.reference else {}
        classes = read_label_map(args.classes) if args.classes else None
        predictor = load_predictor(
            args.model, args.checkpoint, args.device, args.amp, args.compile, args.tta
        )
        products = Products(
            Layers(args.confidence, args.probabilities, args.min_confidence),
            Outlines(args.min_area, args.simplify) if args.polygons else None,
            args.quicklook,
            origin,
        )
        window = None if args.window is None else (args.window, args.window)
        inferencer = SceneInferencer(
            predictor,
            args.overlap,
            window,
            args.batch_size,
            products,
            args.bands,
            args.nodata,
            args.gsd,
            Workers(args.workers, args.cluster),
        )
        sys.exit(map_scenes(inferencer, scenes, args.out, masks, classes))


if __name__ == '__main__':
    main()
