"""Groups unit vectors by likeness: average linkage on cosines, without a table of all pairs.

The mean likeness of two groups of unit vectors is the product of their mean vectors, so a group is kept as the sum and
the number of its members. Many vectors are first joined within stretches of a few hundred, then the groups.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

STRETCH = 600  # so many at once: their table is small
GROUPS_OF_STRETCH = 40
DEEPER = 30  # how much deeper than the wanted number a tree is cut
ROUNDS = 10

Floats = npt.NDArray[np.float32]
Labels = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Tree:
    """Which groups were joined, the closest first: (kept, swallowed) by the number of the first member."""

    size: int
    joins: tuple[tuple[int, int], ...]

    def cut(self, groups: int) -> Labels:
        """The number of the group of each member, from 0, when that many groups are left."""
        owner = np.arange(self.size)
        for kept, swallowed in self.joins[: max(0, self.size - max(1, groups))]:
            owner[owner == swallowed] = kept
        return np.unique(owner, return_inverse=True)[1].astype(np.int64)


def link(sums: Floats, counts: Floats) -> Tree:
    """Join the two closest groups until one is left."""
    size = len(sums)
    means = sums / counts[:, None]
    distances = (1.0 - means @ means.T).astype(np.float32)
    np.fill_diagonal(distances, np.inf)
    weights = counts.astype(np.float64).copy()
    nearest = distances.argmin(axis=1) if size else np.zeros(0, np.int64)
    best = distances[np.arange(size), nearest] if size else np.zeros(0, np.float32)
    joins = []
    for _ in range(size - 1):
        first = int(best.argmin())
        kept, swallowed = sorted((first, int(nearest[first])))
        joins.append((kept, swallowed))
        total = weights[kept] + weights[swallowed]
        row = (weights[kept] * distances[kept] + weights[swallowed] * distances[swallowed]) / total
        row[[kept, swallowed]] = np.inf
        distances[kept], distances[:, kept] = row, row
        distances[swallowed], distances[:, swallowed] = np.inf, np.inf
        weights[kept] = total
        best[swallowed] = np.inf
        stale = np.flatnonzero(np.isin(nearest, (kept, swallowed)) & np.isfinite(best))
        nearest[stale] = distances[stale].argmin(axis=1)
        best[stale] = distances[stale, nearest[stale]]
        closer = row < best
        nearest[closer], best[closer] = kept, row[closer]
        nearest[kept] = int(row.argmin())
        best[kept] = row[nearest[kept]]
    return Tree(size, tuple(joins))


@dataclass(frozen=True)
class Grouping:
    """Vectors, joined as far as never matters, and the tree of what is left."""

    first: Labels  # the group of each vector
    tree: Tree

    def cut(self, groups: int) -> Labels:
        """The group of each vector when there are that many."""
        return self.tree.cut(groups)[self.first] if len(self.first) else self.first


def group(vectors: Floats) -> Grouping:
    """Join vectors in stretches, then what the stretches left."""
    first = np.zeros(len(vectors), np.int64)
    number = 0
    for start in range(0, len(vectors), STRETCH):
        part = vectors[start : start + STRETCH]
        if len(vectors) <= STRETCH:
            labels: Labels = np.arange(len(part))
        else:
            labels = link(part, np.ones(len(part), np.float32)).cut(GROUPS_OF_STRETCH)
        first[start : start + STRETCH] = labels + number
        number += int(labels.max()) + 1
    return Grouping(first, link(*sums_of(vectors, first, number)))


def sums_of(vectors: Floats, labels: Labels, number: int) -> tuple[Floats, Floats]:
    """The sum of each group's vectors, and how many they are."""
    sums = np.zeros((number, vectors.shape[1]), np.float32)
    np.add.at(sums, labels, vectors)
    return sums, np.bincount(labels, minlength=number).astype(np.float32)


def settle(vectors: Floats, grouping: Grouping, number: int, least: int) -> Labels | None:
    """Exactly that many groups of at least `least` members, or None.

    A tree gives odd vectors a group of their own before it parts two alike ones: it is cut deeper until enough groups
    are large, and the odd ones go to whichever is nearest.
    """
    for cut in range(number, min(number + DEEPER, grouping.tree.size) + 1):
        labels = grouping.cut(cut)
        large = np.flatnonzero(np.bincount(labels) >= least)
        if len(large) < number:
            continue
        large = large[np.argsort(-np.bincount(labels)[large], kind="stable")][:number]
        return _nearest(vectors, _centres(vectors, labels)[np.sort(large)])
    return None


def _nearest(vectors: Floats, centres: Floats) -> Labels:
    """Each vector to the centre it is most like, and the centres to the middle of theirs, a few times."""
    labels = (vectors @ centres.T).argmax(axis=1).astype(np.int64)
    for _ in range(ROUNDS):
        if len(np.unique(labels)) < len(centres):
            break
        centres = _centres(vectors, labels)
        moved = (vectors @ centres.T).argmax(axis=1).astype(np.int64)
        if (moved == labels).all():
            break
        labels = moved
    return np.unique(labels, return_inverse=True)[1].astype(np.int64)


def alike(vectors: Floats, labels: Labels) -> float:
    """How like the two most alike groups are: the greatest cosine between their means."""
    centres = _centres(vectors, labels)
    likeness = centres @ centres.T
    np.fill_diagonal(likeness, -1.0)
    return float(likeness.max())


def _centres(vectors: Floats, labels: Labels) -> Floats:
    sums, _ = sums_of(vectors, labels, int(labels.max()) + 1)
    return np.asarray(sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-9), np.float32)


def separation(vectors: Floats, labels: Labels) -> float:
    """The mean silhouette: 1 when groups are far apart, 0 when they touch, below when they are mixed up."""
    number = int(labels.max()) + 1 if len(labels) else 0
    if number < 2:  # noqa: PLR2004 - one group is not apart from anything
        return 0.0
    sums, counts = sums_of(vectors, labels, number)
    likeness = vectors @ sums.T
    rows = np.arange(len(vectors))
    alone = counts[labels] < 2  # noqa: PLR2004 - a group of one has no likeness within
    own = 1.0 - (likeness[rows, labels] - 1.0) / np.maximum(counts[labels] - 1.0, 1.0)
    others = 1.0 - likeness / counts
    others[rows, labels] = np.inf
    nearest = others.min(axis=1)
    shape = (nearest - own) / np.maximum(np.maximum(nearest, own), 1e-9)
    return float(np.where(alone, 0.0, shape).mean())
