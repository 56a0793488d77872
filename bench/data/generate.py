#!/usr/bin/python3
"""Writes pinned float32 benchmark tables: NAME.f32 (row-major) and NAME.start.f32 (64 start rows), NAME is KIND_N_D.

usage: generate.py FOLDER NAME...   KIND is blobs, customers or uniform; N like 10k, 1m.
The order of the random draws is part of the format: the checksums in bench/datasets.ts hold for it."""
import os
import sys

import numpy as np


def blobs(n, d, rng, n_centers=12, noise=0.02):
    """Gaussian blobs of different spread and weight in the unit box that overlap a little, and uniform noise."""
    centers = rng.random((n_centers, d))
    spread = rng.uniform(0.03, 0.08, n_centers)
    weights = rng.dirichlet(np.full(n_centers, 4.0))
    n_noise = int(n * noise)
    n_blobs = n - n_noise
    center = rng.choice(n_centers, n_blobs, p=weights)
    rows = np.empty((n, d), np.float32)
    for start in range(0, n_blobs, 200_000):
        end = min(n_blobs, start + 200_000)
        rows[start:end] = (
            centers[center[start:end]]
            + rng.standard_normal((end - start, d)) * spread[center[start:end]][:, None]
        )
    rows[n_blobs:] = rng.random((n_noise, d))
    return rows[rng.permutation(n)]


def customers(n, d, rng):
    """Four latent segments: z-scored recency, frequency, monetary, tenure, discount and sessions with heavy tails,
    then one-hot categories for the remaining columns."""
    segment = rng.choice(4, n, p=[0.55, 0.25, 0.15, 0.05])
    of = lambda values: np.array(values)[segment]
    recency = rng.exponential(of([120, 60, 20, 5.0]))
    frequency = rng.poisson(rng.gamma(1.5, of([1, 3, 8, 30.0]) / 1.5)).astype(float)
    monetary = rng.lognormal(of([3, 3.8, 4.6, 5.6]), 1.0)
    tenure = rng.gamma(2, of([200, 300, 500, 900.0]) / 2)
    discount = rng.beta(of([1, 2, 2, 5.0]), 6)
    sessions = rng.lognormal(of([0.5, 1, 1.5, 2.5]), 0.8)
    numeric = [recency, frequency, monetary, tenure, discount, sessions]
    columns = [(x - x.mean()) / x.std() for x in numeric][: min(6, d)]
    left = d - len(columns)
    for levels in [4, 3, 5, 7, 6, 9, 8]:
        if left <= 0:
            break
        levels = min(levels, left)
        shares = np.array([rng.dirichlet(np.full(levels, 1.5)) for _ in range(4)])
        drawn = rng.random(n)
        level = np.minimum((drawn[:, None] > np.cumsum(shares, 1)[segment]).sum(1), levels - 1)
        columns += [(level == l).astype(float) for l in range(levels)]
        left -= levels
    return np.stack(columns, 1).astype(np.float32)


def uniform(n, d, rng):
    return rng.random((n, d), dtype=np.float32)


KINDS = {"blobs": blobs, "customers": customers, "uniform": uniform}


def number(text):
    scale = {"k": 1_000, "m": 1_000_000}.get(text[-1], 1)
    return int(text.rstrip("km")) * scale


def main(folder, names):
    os.makedirs(folder, exist_ok=True)
    for name in names:
        kind, n, d = name.split("_")
        n, d = number(n), int(d)
        rng = np.random.default_rng(12345 + n + d)
        rows = np.ascontiguousarray(KINDS[kind](n, d, rng), np.float32)
        start = rng.choice(n, 64, replace=False)
        rows[start].tofile(os.path.join(folder, name + ".start.f32"))
        rows.tofile(os.path.join(folder, name + ".f32"))


main(sys.argv[1], sys.argv[2:])
