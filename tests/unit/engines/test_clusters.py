"""Average linkage on cosines, held against the definition."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenuto.engines import clusters


def unit_vectors(number, seed, size=8):
    vectors = np.random.default_rng(seed).normal(size=(number, size)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def bundles(sizes, seed=0, spread=0.05):
    """Vectors around as many directions as there are sizes, and the direction of each."""
    rng = np.random.default_rng(seed)
    truth = np.repeat(np.arange(len(sizes)), sizes)
    rng.shuffle(truth)
    vectors = np.eye(32, dtype=np.float32)[truth] + rng.normal(size=(len(truth), 32)).astype(np.float32) * spread
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True), truth


def by_definition(vectors, number):
    """Join the two groups whose members are most alike on average, the slow way."""
    likeness, groups = vectors.astype(float) @ vectors.T.astype(float), [[i] for i in range(len(vectors))]
    while len(groups) > number:
        pairs = [(i, j) for i in range(len(groups)) for j in range(i)]
        i, j = max(pairs, key=lambda pair: likeness[np.ix_(groups[pair[0]], groups[pair[1]])].mean())
        groups[j] += groups.pop(i)
    return {frozenset(group) for group in groups}


def as_sets(labels):
    return {frozenset(np.flatnonzero(labels == label).tolist()) for label in set(labels.tolist())}


@given(st.integers(1, 14), st.integers(0, 10_000), st.data())
def test_the_tree_is_that_of_average_linkage(number, seed, data):
    vectors = unit_vectors(number, seed)
    wanted = data.draw(st.integers(1, number))
    tree = clusters.link(vectors, np.ones(number, np.float32))
    assert as_sets(tree.cut(wanted)) == by_definition(vectors, wanted)


def test_many_vectors_are_grouped_without_a_table_of_all_pairs(monkeypatch):
    vectors, truth = bundles([3000, 1500, 400])
    largest = []
    link = clusters.link
    monkeypatch.setattr(clusters, "link", lambda sums, counts: largest.append(len(sums)) or link(sums, counts))
    labels = clusters.group(vectors).cut(3)
    assert as_sets(labels) == as_sets(truth)
    assert max(largest) <= clusters.STRETCH


def test_odd_vectors_are_no_group_of_their_own():
    vectors, truth = bundles([40, 40, 1, 1])
    assert sorted(np.bincount(clusters.group(vectors).cut(2))) != [41, 41]
    labels = clusters.settle(vectors, clusters.group(vectors), 2, least=5)
    assert len(set(labels.tolist())) == 2
    assert len(set(labels[truth == 0].tolist())) == len(set(labels[truth == 1].tolist())) == 1


def test_more_groups_than_there_are_cannot_be_settled():
    vectors, _ = bundles([6, 6])
    assert clusters.settle(vectors, clusters.group(vectors), 4, least=5) is None


def test_separation_is_high_apart_and_low_mixed_up():
    vectors, truth = bundles([20, 20])
    assert clusters.separation(vectors, truth) > 0.9
    assert clusters.separation(vectors, np.arange(40) % 2) < 0.2
    assert clusters.separation(vectors, np.zeros(40, np.int64)) == 0


@pytest.mark.parametrize("number", [0, 1])
def test_hardly_any_vectors_are_no_problem(number):
    assert len(clusters.group(unit_vectors(number, 1)).cut(3)) == number
