#!/usr/bin/python3
"""Pandas' side of the ingestion benchmark, one job in a fresh process: read, clean, make features, write. Prints seconds,
peak resident memory and what came out as JSON. Imports and the start of Python are not timed.

usage: ingest.py rfm|table INPUT OUTPUT"""
import os

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

import json
import sys
import time

import numpy as np
import pandas as pd

try:
    import pyarrow  # noqa: F401

    FORMAT = "feather"
except ImportError:  # Debian has no pyarrow: pandas' own binary format is the fastest it writes without
    FORMAT = "pickle"

CATEGORIES = ["country", "channel", "device", "plan"]
NUMBERS = ["visits", "seconds_on_site", "pages_per_visit", "age", "spend", "returns", "score", "last_order_value"]


def write(frame, path):
    if FORMAT == "feather":
        frame.to_feather(path, compression="uncompressed")
    else:
        frame.to_pickle(path, protocol=5)


def zscore(frame, columns):
    values = frame[columns]
    return ((values - values.mean()) / values.std(ddof=0)).astype(np.float32)


def rfm(source):
    orders = pd.read_csv(
        source,
        usecols=["InvoiceNo", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID"],
        dtype={"InvoiceNo": str},
        parse_dates=["InvoiceDate"],
    )
    orders = orders[orders.CustomerID.notna() & (orders.Quantity > 0) & (orders.UnitPrice > 0) & orders.InvoiceNo.notna()]
    orders = orders.assign(amount=orders.Quantity * orders.UnitPrice)
    reference = orders.InvoiceDate.max() + pd.Timedelta(days=1)
    by_customer = orders.groupby("CustomerID")
    table = pd.DataFrame(
        {
            "recency_days": (reference - by_customer.InvoiceDate.max()).dt.days,
            "frequency": by_customer.InvoiceNo.nunique(),
            "monetary": by_customer.amount.sum(),
        }
    ).reset_index()
    features = zscore(table, ["recency_days", "frequency", "monetary"])
    features.insert(0, "customer_id", table.CustomerID.astype(int).astype(str))
    return features, dict(nEntities=len(table), sum=float(table.monetary.sum()))


def entities(source):
    rows = pd.read_csv(source, parse_dates=["created_at"], dtype={name: "category" for name in CATEGORIES})
    rows = rows.sort_values("created_at", kind="stable").drop_duplicates("customer_id", keep="last")
    days = (rows.created_at.max() - rows.created_at).dt.days
    numbers = rows[NUMBERS].fillna(rows[NUMBERS].median()).assign(
        days_since=days,
        subscribed=(rows.subscribed == "yes").astype(np.float64),
        score_missing=rows.score.isna().astype(np.float64),
    )
    features = pd.concat(
        [rows[["customer_id"]], zscore(numbers, list(numbers)), pd.get_dummies(rows[CATEGORIES], dtype=np.float32)], axis=1
    ).reset_index(drop=True)
    return features, dict(nEntities=len(rows), sum=float(rows.spend.sum()))


kind, source, output = sys.argv[1:]
start = time.perf_counter()
features, outcome = (rfm if kind == "rfm" else entities)(source)
write(features, output)
seconds = time.perf_counter() - start
with open("/proc/self/status") as status:
    peak = next(int(line.split()[1]) for line in status if line.startswith("VmHWM:")) / 1024
print(json.dumps(dict(seconds=seconds, peakMb=peak, outcome=outcome, format=FORMAT, nFeatures=features.shape[1] - 1, pandas=pd.__version__)))
