"""What views ask of a network and what they get: frozen values and numpy, no torch.

Every answer is a mapping of named arrays (`Measured.arrays`). By the kind of Ask:

`filters` (block with weights: convolution, dense, RBM)
    `filters` float32 F×H×W: first-layer weights as pictures (C channels averaged unless C is 3: then F×H×W×3); a dense
    or RBM block that reads pictures is folded to their height and width, otherwise 1×inputs. `limit` float32 scalar:
    largest magnitude of all the block's. `norm` and `change` float32 scalars: Frobenius norm now, and ‖W − W₀‖ / ‖W₀‖
    since the start.
`latent` (any block's first output, flattened)
    `points` float32 M×2 PCA (principal axes of this block now, signs kept from answer to answer), `labels` int64 M
    (−1 without classes), `rows` int64 M dataset rows of the validation part (at most 1,000), `explained` float32 2,
    `pictures` float32 M×H×W in 0…1 if the dataset has pictures.
`boundary` (Input with one 2-number field, loss with classes or one number)
    `grid` float32 R×R probability of class 1, or class index where there are more than two; row 0 at y0, column 0 at
    x0, R = 80; `extent` float32 4 (x0, x1, y0, y1) in the dataset's units; `points` float32 M×2, `labels` int64 M of
    the training part.
`predictions` (a loss; test part after the run, else validation part)
    classes: `pictures` float32 M×H×W 0…1 (if any), `true` int64 M, `predicted` int64 M, `probability` float32 M, wrong
    ones first, surest first, then right ones, least sure first; `rows` int64 M; `wrong`, `count` int64 scalars.
    Without pictures `values` float32, what the network read of each row in the dataset's units: M×F of a row of
    numbers, M×T×C of a sequence.
    numbers: `true` float32 M, `predicted` float32 M (first 1,000 values), pictures: `pictures` and `rebuilt` M×H×W when
    the target is a picture.
`samples` (an Input: dataset rows as pictures)
    `pictures` float32 M×H×W 0…1, `labels` int64 M.
`preview` (any block, for the strip on the canvas)
    `pictures` float32 M×H×W: filters of blocks with weights and their `limit`, both as above, M×H×W×3 where C is 3 (of
    those that read no pictures the weight matrix, 1×F×inputs); else the output channels of one sample, scaled to 0…1;
    `signed` int64 scalar 1 where they are weights.
`curve` (an activation that acts on each number by itself)
    `x` float32 401 from −4 to 4, `function` and `derivative` float32 401: what the block makes of x, and its slope as
    autograd gives it (of Heaviside and sign: the one they are trained with).
"""

from __future__ import annotations

from typing import Literal

from engine.graph.values import Plain

Kind = Literal["filters", "latent", "boundary", "predictions", "samples", "preview", "curve"]


class Ask(Plain, frozen=True, tag="ask"):
    """One request of a view: `id` comes back with every answer; `block` is an id path joined by "/"."""

    id: str
    kind: Kind
    block: str = ""
    count: int = 1000
