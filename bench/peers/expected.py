#!/usr/bin/python3
"""Records what scikit-learn and SciPy answer, for the tests: writes test/fixtures/clustering-expected.json.

usage: expected.py FIXTURE DATA_FOLDER   Synthetic rows come from a small generator that the tests repeat exactly; for
the tables in DATA_FOLDER only scalars and digests of labels are recorded."""
import glob
import gzip
import hashlib
import json
import os
import platform
import sys
import warnings

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[variable] = "1"

import numpy as np
import scipy
import sklearn
from scipy.cluster.hierarchy import leaves_list, linkage
from sklearn.cluster import DBSCAN, AgglomerativeClustering, KMeans
from sklearn.metrics import (
    adjusted_rand_score,
    calinski_harabasz_score,
    davies_bouldin_score,
    silhouette_score,
)
from sklearn.neighbors import NearestNeighbors

warnings.filterwarnings("ignore")
LINKAGES = ("ward", "complete", "average", "single")
# Numbers of clusters that k-means is compared at, and how many starts scikit-learn makes for each.
CLUSTERS = (3, 8)
RESTARTS = 60


def rows_of(n, d, seed):
    """Rows around four corners; the tests compute the same float64 numbers."""
    state = seed

    def uniform():
        nonlocal state
        state = (state * 1664525 + 1013904223) % 2**32
        return state / 2**32

    rows = []
    for _ in range(n):
        center = int(uniform() * 4) * 0.5
        rows.append([center + (uniform() + uniform() - 1) * 0.5 for _ in range(d)])
    return np.array(rows)


def cut5(rows, method):
    """Labels of five clusters. For single linkage scikit-learn has a tree of its own, whose children are ordered in
    another way: there the numbers are those of first appearance."""
    labels = AgglomerativeClustering(n_clusters=5, linkage=method).fit(rows).labels_
    if method != "single":
        return labels
    numbers = {}
    return np.array([numbers.setdefault(label, len(numbers)) for label in labels])


def digest(labels):
    return hashlib.sha256(np.ascontiguousarray(labels, np.int32).tobytes()).hexdigest()


def scores(rows, labels, other):
    return dict(
        silhouette=silhouette_score(rows, labels),
        daviesBouldin=davies_bouldin_score(rows, labels),
        calinskiHarabasz=calinski_harabasz_score(rows, labels),
        adjustedRand=adjusted_rand_score(labels, other),
    )


def synthetic(n, d, seed, eps, min_samples):
    rows = rows_of(n, d, seed)
    trees = {}
    for method in LINKAGES:
        tree = linkage(rows, method)
        cut = cut5(rows, method)
        trees[method] = dict(
            left=tree[:, 0].astype(int).tolist(),
            right=tree[:, 1].astype(int).tolist(),
            heights=tree[:, 2].tolist(),
            sizes=tree[:, 3].astype(int).tolist(),
            leaves=leaves_list(tree).tolist(),
            cut5=cut.tolist(),
        )
    labels = np.array(trees["ward"]["cut5"])
    found = DBSCAN(eps=eps, min_samples=min_samples).fit(rows)
    return dict(
        n=n,
        d=d,
        seed=seed,
        eps=eps,
        minSamples=min_samples,
        dbscan=found.labels_.tolist(),
        trees=trees,
        scores=scores(rows, labels, np.array(trees["average"]["cut5"])),
    )


def read(path):
    """Numeric columns of a table; a last column named label or target is left out."""
    opened = gzip.open(path, "rt") if path.endswith(".gz") else open(path)
    with opened as file:
        lines = [line.strip() for line in file if line.strip()]
    if "," not in lines[0]:
        return np.array([[float(x) for x in line.split()] for line in lines])
    return np.array([[float(x) for x in line.split(",")[:-1]] for line in lines[1:]])


def real(path):
    rows = read(path)
    distances = NearestNeighbors(n_neighbors=5).fit(rows).kneighbors(rows)[0][:, -1]
    eps = float(f"{np.quantile(distances, 0.9):.6g}")
    found = DBSCAN(eps=eps, min_samples=5, algorithm="kd_tree").fit(rows)
    trees = {}
    for method in LINKAGES:
        heights = linkage(rows, method)[:, 2]
        cut = cut5(rows, method)
        trees[method] = dict(heightSum=heights.sum(), top=heights[-1], cut5=digest(cut))
        if method == "ward":
            ward = cut
        if method == "average":
            average = cut
    return dict(
        n=len(rows),
        d=rows.shape[1],
        eps=eps,
        dbscan=digest(found.labels_),
        nClusters=int(found.labels_.max() + 1),
        nNoise=int((found.labels_ < 0).sum()),
        nCore=len(found.core_sample_indices_),
        trees=trees,
        scores=scores(rows, ward, average),
        inertia={str(k): best_inertia(rows, k) for k in CLUSTERS},
    )


def best_inertia(rows, k):
    """Lowest sum of squared distances over many starts, each to a fixed point."""
    fit = KMeans(k, n_init=RESTARTS, tol=0, random_state=0).fit(rows)
    return float(fit.inertia_)


def main(fixture, data):
    paths = sorted(
        glob.glob(f"{data}/clustering_fcps/*.csv.gz")
        + glob.glob(f"{data}/clustering_sipu/sipu/*.data.gz")
        + glob.glob(f"{data}/clustering_sklearn/*.csv*")
    )
    expected = dict(
        versions=dict(
            python=platform.python_version(),
            numpy=np.__version__,
            scipy=scipy.__version__,
            scikitLearn=sklearn.__version__,
        ),
        synthetic=[
            synthetic(60, 2, 1, 0.3, 4),
            synthetic(150, 5, 2, 0.6, 5),
            synthetic(120, 16, 3, 1.2, 5),
        ],
        real={os.path.relpath(path, data): real(path) for path in paths},
    )
    with open(fixture, "w") as file:
        json.dump(expected, file, separators=(",", ":"))
        file.write("\n")


main(sys.argv[1], sys.argv[2])
