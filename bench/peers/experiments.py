#!/usr/bin/python3
"""Records what SciPy answers about real experiments, for the tests: writes test/fixtures/experiments-expected.json.

usage: experiments.py FIXTURE DATA_FOLDER   Scalars only; no row of the data is recorded."""
import csv
import gzip
import json
import platform
import sys
from collections import defaultdict
from pathlib import Path

import numpy as np
import scipy
from scipy import integrate, optimize, stats

ITEMS = 34


def rows(path):
    with gzip.open(path, "rt", newline="") as file:
        yield from csv.DictReader(file)


def readout(counts):
    """counts: [visitors, conversions] by variant, the control first."""
    beliefs = [stats.beta(1 + c, 1 + n - c) for n, c in counts]
    low = min(b.ppf(1e-12) for b in beliefs)
    high = max(b.ppf(1 - 1e-12) for b in beliefs)
    cuts = sorted({x for b in beliefs for x in (b.ppf(0.01), b.mean(), b.ppf(0.99))})

    def integral(f):
        return integrate.quad(f, low, high, points=cuts, limit=500, epsabs=1e-12, epsrel=1e-12)[0]

    def others(x, v):
        return np.prod([b.cdf(x) for u, b in enumerate(beliefs) if u != v])

    best = low + (high - low) - integral(lambda x: np.prod([b.cdf(x) for b in beliefs]))
    control = beliefs[0]

    def ratio_quantile(b, p):
        def below(r):
            return integrate.quad(
                lambda y: control.pdf(y) * b.cdf(r * y),
                control.ppf(1e-13), control.ppf(1 - 1e-13), points=[control.mean()], limit=500, epsabs=1e-13,
            )[0] - p

        return optimize.brentq(below, 1e-3, 50, xtol=1e-12) - 1

    return [
        {
            "visitors": n,
            "conversions": c,
            "interval": [beliefs[v].ppf(0.025), beliefs[v].ppf(0.975)],
            "toBeBest": integral(lambda x: beliefs[v].pdf(x) * others(x, v)),
            "expectedLoss": best - beliefs[v].mean(),
            "lift": None if v == 0 else [ratio_quantile(beliefs[v], p) for p in (0.5, 0.025, 0.975)],
        }
        for v, (n, c) in enumerate(counts)
    ]


def hillstrom(folder):
    arms = ["No E-Mail", "Mens E-Mail", "Womens E-Mail"]
    counts = defaultdict(lambda: [[0, 0] for _ in arms])
    for row in rows(folder / "hillstrom_email" / "hillstrom_a.csv.gz"):
        cell = counts[row["channel"]][arms.index(row["segment"])]
        cell[0] += 1
        cell[1] += int(row["visit"])
    return {channel: readout(cells) for channel, cells in sorted(counts.items())}


def cookie_cats(folder):
    arms = ["gate_30", "gate_40"]
    counts = [[0, 0] for _ in arms]
    for row in rows(folder / "cookie_cats" / "cookie_cats.csv.gz"):
        cell = counts[arms.index(row["version"])]
        cell[0] += 1
        cell[1] += row["retention_7"] == "True"
    ratio = stats.chisquare([n for n, _ in counts])
    return {"readout": readout(counts), "chiSquare": ratio.statistic, "pValue": ratio.pvalue}


def gamma_interval(value, error, weights):
    """Fay & Feuer (1997), with the mean weight in place of the largest (Tiwari, Clegg & Zou, 2006)."""

    def quantile(p, mean, variance):
        return stats.gamma.ppf(p, mean**2 / variance, scale=variance / mean)

    high = quantile(0.975, value + np.mean(weights), error**2 + np.mean(weights**2))
    return [quantile(0.025, value, error**2), high]


def estimate(weights, rewards):
    w, r = np.array(weights), np.array(rewards)
    ips = np.mean(w * r)
    ips_error = np.std(w * r) / np.sqrt(len(r))
    snips = np.sum(w * r) / np.sum(w)
    snips_error = np.sqrt(np.sum((w * (r - snips)) ** 2)) / np.sum(w)
    return {
        "ips": ips,
        "ipsError": ips_error,
        "ipsInterval": gamma_interval(ips, ips_error, w / len(r)),
        "snips": snips,
        "snipsError": snips_error,
        "snipsInterval": gamma_interval(snips, snips_error, w / np.sum(w)),
    }


def open_bandit(folder):
    logs = {}
    for policy in ("random", "bts"):
        logs[policy] = [
            (int(row["item_id"]), int(row["position"]), int(row["click"]), float(row["propensity_score"]))
            for row in rows(folder / "open_bandit" / f"{policy}_men.csv.gz")
        ]
    # What Thompson sampling showed in the mean, by item and position: its own log says so.
    shown = defaultdict(list)
    for item, position, _, chance in logs["bts"]:
        shown[item, position].append(chance)
    mean = {key: float(np.mean(chances)) for key, chances in shown.items()}
    return {
        "realised": {policy: float(np.mean([click for _, _, click, _ in log])) for policy, log in logs.items()},
        "randomFromBts": estimate([1 / ITEMS / p for _, _, _, p in logs["bts"]], [c for _, _, c, _ in logs["bts"]]),
        "btsFromRandom": estimate(
            [mean.get((i, k), 0) / p for i, k, _, p in logs["random"]], [c for _, _, c, _ in logs["random"]]
        ),
    }


fixture, folder = sys.argv[1], Path(sys.argv[2])
expected = {
    "versions": {"python": platform.python_version(), "numpy": np.__version__, "scipy": scipy.__version__},
    "hillstrom": hillstrom(folder),
    "cookieCats": cookie_cats(folder),
    "openBandit": open_bandit(folder),
}
with open(fixture, "w") as file:
    json.dump(expected, file, indent=1)
    file.write("\n")
