#!/usr/bin/python3
"""Pandas' side of the ingestion benchmark, one job in a fresh process: read, clean, fit and apply the recipe that our side
applies, write. Prints core seconds per stage, peak resident memory and the moments of what came out as JSON. Imports, the
start of Python and the moments are not timed, nor in the memory.

Rows that are not used are written out with the reason, as on our side; with `rfm-lean` they are dropped, and columns without a
use are not read. With `again` the same is done and timed a second time.

usage: ingest.py rfm|rfm-lean|table INPUT OUTPUT [again]"""
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

    FORMAT = "Feather"
except ImportError:  # Pickle lays the same columns out in memory order too, and is as fast to write
    FORMAT = "pickle of the same columns"

CATEGORIES = ["country", "channel", "device", "plan"]
NUMBERS = ["visits", "seconds_on_site", "pages_per_visit", "age", "spend", "returns", "score", "last_order_value"]
# One-hot columns of a category at most; rarer texts share one.
MOST_CATEGORIES = 50

stages = {}
# Rows of the file that are not used, with the place and the rule.
left_out = None
# Mean and population deviation that each z-score was made with.
scaling = {}
stage_start = time.process_time()


def stage(name):
    global stage_start
    now = time.process_time()
    stages[name] = now - stage_start
    stage_start = now


def write(frame, path):
    if FORMAT == "Feather":
        frame.to_feather(path, compression="uncompressed")
    else:
        frame.to_pickle(path, protocol=5)


def zscore(name, values):
    values = values.to_numpy(dtype=np.float64)
    mean, deviation = values.mean(), values.std()
    scaling[name] = [float(mean), float(deviation)]
    return ((values - mean) / deviation).astype(np.float32)


def leave_out(rows, place, rule):
    global left_out
    left_out = rows.assign(place=place, rule=rule)


def rfm(source):
    lean = kind == "rfm-lean"
    orders = pd.read_csv(
        source,
        usecols=["InvoiceNo", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID"] if lean else None,
        dtype={"InvoiceNo": str},
        parse_dates=["InvoiceDate"],
    )
    stage("read")
    broken = {
        "missing_customer_id": orders.CustomerID.isna(),
        "quantity_not_positive": ~(orders.Quantity > 0),
        "unit_price_not_positive": ~(orders.UnitPrice > 0),
        "missing_order_id": orders.InvoiceNo.isna(),
    }
    unused = np.logical_or.reduce(list(broken.values()))
    if not lean:
        rules = np.select([rule[unused] for rule in broken.values()], list(broken))
        leave_out(orders[unused], np.flatnonzero(unused) + 2, rules)
    orders = orders[~unused]
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
    stage("clean")
    columns = {"customer_id": table.CustomerID.astype(int).astype(str)}
    for name in ["recency_days", "frequency", "monetary"]:
        columns[name] = zscore(name, table[name])
    features = pd.DataFrame(columns)
    stage("features")
    return features


def entities(source):
    rows = pd.read_csv(source, parse_dates=["created_at"], dtype={name: "category" for name in CATEGORIES})
    stage("read")
    # Of rows with one id the latest stays, of equally late ones the last.
    rows = rows.sort_values("created_at", kind="stable")
    earlier = rows.duplicated("customer_id", keep="last")
    leave_out(rows[earlier], rows.index[earlier] + 2, "duplicate_id")
    rows = rows[~earlier]
    stage("clean")
    columns = {"customer_id": rows.customer_id.to_numpy()}
    columns["created_at_days_since"] = zscore("created_at_days_since", (rows.created_at.max() - rows.created_at).dt.days)
    for name in CATEGORIES:
        known = rows[name].value_counts().index[:MOST_CATEGORIES]
        for text in known:
            columns[f"{name}={text}"] = (rows[name] == text).to_numpy(dtype=np.float32)
        if rows[name].nunique() > MOST_CATEGORIES:
            columns[f"{name}=other"] = (~rows[name].isin(known) & rows[name].notna()).to_numpy(dtype=np.float32)
        if rows[name].isna().any():
            columns[f"{name}_missing"] = rows[name].isna().to_numpy(dtype=np.float32)
    columns["subscribed"] = (rows.subscribed == "yes").to_numpy(dtype=np.float32)
    for name in NUMBERS:
        missing = rows[name].isna()
        values = rows[name].fillna(rows[name].median()) if missing.any() else rows[name]
        columns[name] = zscore(name, values)
        if missing.any():
            columns[f"{name}_missing"] = missing.to_numpy(dtype=np.float32)
    features = pd.DataFrame(columns, copy=False)
    stage("features")
    return features


def peak_mb():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM:")) / 1024


def ingest():
    global stage_start
    start = stage_start = time.process_time()
    features = (entities if kind == "table" else rfm)(source)
    write(features, output)
    if left_out is not None:
        write(left_out.reset_index(drop=True), f"{output}.left-out")
    stage("write")
    return features, time.process_time() - start


kind, source, output = sys.argv[1:4]
base = peak_mb()
features, seconds = ingest()
peak = peak_mb()
first_stages = dict(stages)
again_seconds = ingest()[1] if sys.argv[4:] == ["again"] else None
moments = {}
for name in features.columns[1:]:
    values = features[name].to_numpy(dtype=np.float64)
    offset, scale = scaling.get(name, [0.0, 1.0])
    moments[name] = [offset, scale, float(values.mean()), float(values.std()), float(values.min()), float(values.max())]
print(
    json.dumps(
        dict(
            seconds=seconds,
            steps=first_stages,
            peakMb=peak,
            baseMb=base,
            againSeconds=again_seconds,
            outcome=dict(nEntities=len(features), moments=moments),
            nLeftOut=None if left_out is None else len(left_out),
            format=FORMAT,
            pandas=pd.__version__,
        )
    )
)
