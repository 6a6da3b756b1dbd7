"""Dendritic regions: principal components of dendritic voltages, turned so that each stands for a stretch of dendrite.

Components span what the dendrite does, but each is spread over the whole tree and the last ones are faint. Turned by
varimax, the same span has axes of a few segments each and of like size: the local voltages on which the nonlinearity of
the membrane acts. A network learns those faster (benchmarks/learning.py: "without the dendrite").
"""

import numpy as np

from neurodepth.cells.trial import VoltageBasis

MAX_TURNS = 1000
SMALLEST_TURN = 1e-6


def varimax(loadings: np.ndarray) -> np.ndarray:
    """Rotation that makes each column of `loadings @ rotation` either large or near zero; Kaiser 1958.

    Args:
        loadings: Shape (segments, components), orthonormal columns.

    Returns:
        Orthogonal, shape (components, components); every turned column has a positive skewness.
    """
    rotation = np.eye(loadings.shape[1])
    for _ in range(MAX_TURNS):
        turned = loadings @ rotation
        left, _, right = np.linalg.svd(loadings.T @ (turned**3 - turned * (turned**2).mean(axis=0)))
        before, rotation = rotation, left @ right
        if np.abs(rotation - before).max() < SMALLEST_TURN:
            break
    sign = np.sign(np.sum((loadings @ rotation) ** 3, axis=0))
    return rotation * np.where(sign == 0, 1, sign)


def rotation_to_regions(basis: VoltageBasis) -> np.ndarray:
    """Matrix from dendritic components to regions, `regions_mv = components_mv @ rotation`.

    Returns:
        Shape (components, components), the region of the largest variance first.
    """
    rotation = varimax(basis.components.T)
    variance = basis.explained @ rotation**2  # components are not correlated
    return rotation[:, np.argsort(-variance, kind="stable")]
