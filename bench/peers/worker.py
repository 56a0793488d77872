#!/usr/bin/python3
"""Python side of the benchmarks: one JSON job per line in, one JSON answer per line out. Only the algorithm's call is
timed; the table is in memory before. Threads are pinned to one unless THREADS says otherwise.

usage: worker.py FOLDER   with jobs like {"op": "dbscan", "data": "blobs_10k_3", "eps": 0.089, "minSamples": 6}"""
import os
import sys

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = os.environ.get("THREADS", "1")

import hashlib
import json
import platform
import time
import warnings

import fastcluster
import numpy as np
import scipy
import sklearn
import sklearn.cluster
import sklearn.metrics
from scipy.cluster.hierarchy import linkage

warnings.filterwarnings("ignore")
FOLDER = sys.argv[1]
tables = {}


def table(name):
    """The rows and start rows of a data set; one set is kept."""
    if name not in tables:
        tables.clear()
        width = int(name.split("_")[-1])
        read = lambda suffix: np.fromfile(os.path.join(FOLDER, name + suffix), np.float32).reshape(-1, width)
        tables[name] = (read(".f32"), read(".start.f32"))
    return tables[name]


def nearest(rows, centers):
    """Labels by nearest center, in float32 as the benchmark's own side computes them."""
    labels = np.empty(len(rows), np.int32)
    for start in range(0, len(rows), 65_536):
        part = rows[start : start + 65_536].astype(np.float64)
        labels[start : start + 65_536] = ((part[:, None, :] - centers.astype(np.float64)[None]) ** 2).sum(2).argmin(1)
    return labels


def inertia(rows, labels):
    """Sum of squared distances to the clusters' means in float64."""
    total = 0.0
    rows = rows.astype(np.float64)
    for label in np.unique(labels):
        members = rows[labels == label]
        total += ((members - members.mean(0)) ** 2).sum()
    return float(total)


def digest(labels):
    return hashlib.sha256(np.ascontiguousarray(labels, np.int32).tobytes()).hexdigest()


def timed(work):
    """Seconds of the processor, user and system: waiting for it is not counted."""
    start = time.process_time()
    result = work()
    return time.process_time() - start, result


def kmeans(job, rows, start):
    if job.get("precise"):
        rows = rows.astype(np.float64)
        start = start.astype(np.float64)
    k = job["nClusters"]
    model = sklearn.cluster.KMeans(
        n_clusters=k, init=start[:k].copy(), n_init=1, tol=0, max_iter=job.get("maxIter", 300), algorithm=job["algorithm"]
    )
    seconds, fit = timed(lambda: model.fit(rows))
    return seconds, dict(inertia=inertia(rows, fit.labels_), iterations=int(fit.n_iter_))


def kmeans_default(job, rows, start):
    cls = sklearn.cluster.MiniBatchKMeans if job.get("miniBatch") else sklearn.cluster.KMeans
    model = cls(n_clusters=job["nClusters"], n_init=1, random_state=job["seed"])
    seconds, fit = timed(lambda: model.fit(rows))
    return seconds, dict(inertia=inertia(rows, fit.labels_), iterations=int(fit.n_iter_))


def kmeans_plus_plus(job, rows, start):
    seconds, (centers, _) = timed(
        lambda: sklearn.cluster.kmeans_plusplus(rows, job["nClusters"], random_state=job["seed"])
    )
    return seconds, dict(potential=potential(rows, centers))


def kmeans_plus_plus_seeds(job, rows, start):
    """How good the centers of many seeds are."""
    found = [
        potential(rows, sklearn.cluster.kmeans_plusplus(rows, job["nClusters"], random_state=seed)[0])
        for seed in range(job["nSeeds"])
    ]
    return 0.0, dict(meanPotential=float(np.mean(found)), deviation=float(np.std(found, ddof=1)))


def potential(rows, centers):
    total = 0.0
    for start in range(0, len(rows), 65_536):
        part = rows[start : start + 65_536].astype(np.float64)
        total += ((part[:, None, :] - centers.astype(np.float64)[None]) ** 2).sum(2).min(1).sum()
    return float(total)


class FixedStarts(sklearn.cluster.BisectingKMeans):
    """Splits start from the first and the middle row of a node."""

    def _init_centroids(self, rows, *args, **kwargs):
        return rows[[0, len(rows) // 2]].copy()


def by_first_row(labels):
    _, first, numbers = np.unique(labels, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[numbers]


def bisecting(job, rows, start):
    if job.get("precise"):
        rows = rows.astype(np.float64)
    model = FixedStarts(n_clusters=job["nClusters"], n_init=1, tol=0)
    seconds, fit = timed(lambda: model.fit(rows))
    return seconds, dict(inertia=inertia(rows, fit.labels_), partition=digest(by_first_row(fit.labels_)))


def dbscan(job, rows, start):
    model = sklearn.cluster.DBSCAN(eps=job["eps"], min_samples=job["minSamples"])
    seconds, fit = timed(lambda: model.fit(rows))
    labels = fit.labels_
    return seconds, dict(
        labels=digest(labels),
        nClusters=int(labels.max() + 1),
        nNoise=int((labels < 0).sum()),
        nCore=len(fit.core_sample_indices_),
    )


def tree_outcome(tree):
    heights = tree[:, 2]
    return dict(heightSum=float(heights.sum()), top=float(heights[-1]), heights=[float(h) for h in heights[:: max(1, len(heights) // 1000)]])


def scipy_linkage(job, rows, start):
    seconds, tree = timed(lambda: linkage(rows, job["linkage"]))
    return seconds, tree_outcome(tree)


def fastcluster_linkage(job, rows, start):
    seconds, tree = timed(lambda: fastcluster.linkage(rows, job["linkage"]))
    return seconds, tree_outcome(tree)


def fastcluster_vector(job, rows, start):
    precise = rows.astype(np.float64)
    seconds, tree = timed(lambda: fastcluster.linkage_vector(precise, job["linkage"]))
    return seconds, tree_outcome(tree)


def score(metric):
    def run(job, rows, start):
        labels = nearest(rows, start[: job["nClusters"]])
        seconds, value = timed(lambda: metric(rows, labels))
        # The value to compare with comes from float64 rows: scikit-learn's float32 one has its own rounding.
        precise = value if len(rows) > 50_000 and metric is sklearn.metrics.silhouette_score else metric(rows.astype(np.float64), labels)
        return seconds, dict(score=float(precise), labels=digest(labels))

    return run


def versions(job, rows, start):
    return 0.0, dict(
        python=platform.python_version(),
        numpy=np.__version__,
        scipy=scipy.__version__,
        sklearn=sklearn.__version__,
        fastcluster=fastcluster.__version__,
    )


OPERATIONS = {
    "kmeans": kmeans,
    "kmeansDefault": kmeans_default,
    "kmeansPlusPlus": kmeans_plus_plus,
    "kmeansPlusPlusSeeds": kmeans_plus_plus_seeds,
    "bisecting": bisecting,
    "dbscan": dbscan,
    "scipyLinkage": scipy_linkage,
    "fastclusterLinkage": fastcluster_linkage,
    "fastclusterVector": fastcluster_vector,
    "silhouette": score(sklearn.metrics.silhouette_score),
    "daviesBouldin": score(sklearn.metrics.davies_bouldin_score),
    "versions": versions,
}


def status_mb(field):
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith(field)) / 1024


def restart_peak():
    """Loading a table needs more than holding it: the peak starts anew (Linux). Returns what is resident now."""
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")
    return status_mb("VmRSS:")


for line in sys.stdin:
    try:
        job = json.loads(line)
        rows, start = table(job["data"]) if "data" in job else (None, None)
        before = restart_peak()
        seconds, outcome = OPERATIONS[job["op"]](job, rows, start)
        answer = dict(seconds=seconds, outcome=outcome, memoryMb=status_mb("VmHWM:") - before)
    except Exception as error:  # the runner reports it
        answer = dict(error=f"{type(error).__name__}: {error}"[:300])
    print(json.dumps(answer), flush=True)
