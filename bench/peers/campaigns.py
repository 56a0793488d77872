#!/usr/bin/python3
"""The side of pandas and scikit-learn in the benchmark of campaigns: the same features, tiers, anomalies and forecasts of the same
numbers, all campaigns at once as columns, in a fresh process. Writes what came out to OUTPUT in the order of our side, and prints
core seconds per step and peak resident memory as JSON. Imports and reading the file are not timed.

usage: campaigns.py FILE OUTPUT"""
import os

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

import json
import sys
import time
import warnings

import numpy as np
import pandas as pd
import sklearn
from scipy.special import gammaincc
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import log_loss

warnings.filterwarnings("ignore")
np.seterr(all="ignore")

TIERS = 4
JUDGED_DAYS, HISTORY, HORIZON = 3, 28, 7

with open(sys.argv[1], "rb") as source:
    head = json.loads(source.readline())
    data = np.frombuffer(source.read(), dtype="<f8")
n, days = head["n"], head["nDays"]
matrices = data[: 7 * n * days].reshape(7, n, days)
raw = {name: pd.DataFrame(matrices[at]) for at, name in enumerate(head["measures"])}
present = matrices[6]
status, budget = data[7 * n * days : 7 * n * days + n], data[7 * n * days + n :]
ACTIVE = head["statuses"].index("ACTIVE")
STOPPED = [head["statuses"].index(name) for name in ("PAUSED", "ARCHIVED", "DELETED")]

steps = {}


def timed(step, work):
    start = time.process_time()
    result = work()
    steps[step] = time.process_time() - start
    return result


def divided(a, b, factor=1.0):
    return (a / b.where(b != 0)) * factor


def change(now, before):
    return (now - before) / before.where(before != 0) * 100


def features(end):
    """Columns of the 27 features, and of the 10 inputs of a classifier, on the day before column `end`."""
    window = lambda name, since, until=0: raw[name].iloc[:, end - since : end - until]
    total = lambda name, since, until=0: window(name, since, until).sum(axis=1)
    spend, impressions, clicks, leads = (total(name, 7) for name in ("spend", "impressions", "clicks", "leads"))
    leads14, leads30, spend30 = total("leads", 14), total("leads", 30), total("spend", 30)
    cpl, ctr = divided(spend, leads), divided(clicks, impressions, 100)
    spend_before, leads_before = total("spend", 14, 7), total("leads", 14, 7)
    ctr_before = divided(total("clicks", 14, 7), total("impressions", 14, 7), 100)
    made = {
        "spend_7d": spend,
        "impressions_7d": impressions,
        "clicks_7d": clicks,
        "leads_7d": leads,
        "cpl_7d": cpl,
        "ctr_7d": ctr,
        "cpc_7d": divided(spend, clicks),
        "conversion_rate_7d": divided(leads, clicks, 100),
        "cpl_trend": change(cpl, divided(spend_before, leads_before)),
        "leads_trend": change(leads, leads_before),
        "spend_trend": change(spend, spend_before),
        "ctr_trend": change(ctr, ctr_before),
        "cpl_14d": divided(total("spend", 14), leads14),
        "leads_14d": leads14,
        "cpl_30d": divided(spend30, leads30),
        "leads_30d": leads30,
        "avg_daily_spend_30d": spend30 / pd.Series(present[:, end - 30 : end].sum(axis=1)),
    }
    week_leads, week_spend = window("leads", 7), window("spend", 7)
    with_leads = week_leads.where(week_leads > 0)
    made["cpl_std_7d"] = (week_spend / with_leads).std(axis=1)
    made["leads_std_7d"] = week_leads.std(axis=1)
    made["best_day_of_week"], made["worst_day_of_week"] = weekdays(end)
    reach = window("reach", 7)
    shown = window("impressions", 7) / reach.where(reach > 0)
    made["frequency_7d"] = window("frequency", 7).fillna(shown).mean(axis=1)
    made["reach_7d"] = reach.sum(axis=1, min_count=1)
    made["days_with_leads_7d"] = (week_leads > 0).sum(axis=1)
    delivered = (window("spend", 30) > 0) | (window("impressions", 30) > 0)
    made["days_active"] = delivered.sum(axis=1)
    was_delivered = delivered.iloc[:, -7:].any(axis=1)
    made["is_active"] = np.where(status < 0, was_delivered, ~np.isin(status, STOPPED)).astype(float)
    made["has_budget"] = (budget > 0).astype(float)
    made = pd.DataFrame(made).astype(float)
    average_cpl, average_ctr = spend.sum() / leads.sum(), clicks.sum() / impressions.sum() * 100
    return made, inputs(made, average_cpl, average_ctr), average_cpl


def weekdays(end):
    """Weekdays with the most and the fewest leads per money of 30 days, Monday 0; 1970-01-01 was a Thursday."""
    spend, leads = (raw[name].iloc[:, end - 30 : end].to_numpy() for name in ("spend", "leads"))
    spent, found = np.zeros((n, 7)), np.zeros((n, 7))
    for column in range(30):
        weekday = (head["firstDay"] + end - 30 + column + 3) % 7
        is_spent = spend[:, column] > 0
        spent[:, weekday] += np.where(is_spent, spend[:, column], 0)
        found[:, weekday] += np.where(is_spent, leads[:, column], 0)
    per_money = np.where(spent > 0, found / spent, np.nan)
    most, least = np.nanmax(per_money, axis=1, keepdims=True), np.nanmin(per_money, axis=1, keepdims=True)
    best = np.where(per_money == most, found, -1).argmax(axis=1)
    worst = np.where(per_money == least, spent, -1).argmax(axis=1)
    is_told = ((spend > 0).sum(axis=1) >= 14) & (most != least)[:, 0]
    return np.where(is_told, best, np.nan), np.where(is_told, worst, np.nan)


def inputs(made, average_cpl, average_ctr):
    frequency = (1 - (made.frequency_7d - 1) / 3).clip(0, 1)
    ratio = made.days_with_leads_7d / 7
    parts = pd.DataFrame({0.5: ratio.clip(0, 1), 0.3: (1 - made.cpl_trend.abs() / 50).clip(0, 1), 0.2: frequency})
    weights = parts.notna().mul(parts.columns.to_numpy(dtype=float)).sum(axis=1)
    consistency = parts.mul(parts.columns.to_numpy(dtype=float)).sum(axis=1) / weights
    return pd.DataFrame(
        {
            "cpl_ratio": made.cpl_7d / average_cpl,
            "ctr_ratio": made.ctr_7d / average_ctr,
            "leads_7d_normalized": made.leads_7d / made.spend_7d.where(made.spend_7d > 0) * 100,
            "cpl_trend": made.cpl_trend,
            "leads_trend": made.leads_trend,
            "cpl_volatility": made.cpl_std_7d,
            "conversion_rate_7d": made.conversion_rate_7d,
            "days_with_leads_ratio": ratio,
            "frequency_score": frequency,
            "consistency_score": consistency.clip(0, 1),
        }
    )


def tiers(made, average_cpl):
    """Places of the tiers, best first, −1 without spend; and the probability of each campaign's own."""
    spend, leads, with_leads = made.spend_7d, made.leads_7d, made.days_with_leads_7d
    ratio = made.cpl_7d / average_cpl
    is_high, is_moderate = (ratio <= 0.7) & (with_leads >= 4), (ratio <= 1) & (leads >= 2)
    tier = np.select([~(spend > 0), leads == 0, is_high, is_moderate, ratio <= 1.5], [-1, 3, 0, 1, 2], default=3)
    high, moderate, low = (gammaincc(leads + 0.5, spend / average_cpl / bound) for bound in (0.7, 1.0, 1.5))
    can_be_high, can_be_moderate = (leads > 0) & (with_leads >= 4), leads >= 2
    high = np.where(can_be_high, high, 0)
    below = np.where(can_be_moderate, moderate, high)
    told = np.select([tier == 0, tier == 1, tier == 2, tier == 3], [high, moderate - high, low - below, 1 - low], np.nan)
    return tier, told


def severity(value, bounds):
    return np.searchsorted(bounds, np.abs(value), side="right")


def anomalies():
    """One line per anomaly of the last three days: entity, day, type, severity."""
    spend, impressions, leads, reach = (raw[name].to_numpy() for name in ("spend", "impressions", "leads", "reach"))
    over = lambda a, b: a / np.where(b > 0, b, np.nan)
    cpl, ctr = over(spend, leads), 100 * over(raw["clicks"].to_numpy(), impressions)
    frequency = raw["frequency"].fillna(pd.DataFrame(over(impressions, reach))).to_numpy()
    watched = [("SPEND", spend), ("CPL", cpl), ("CTR", ctr), ("PERFORMANCE", leads)]
    is_judged = (status < 0) | (status == ACTIVE)
    lines = []
    mean = lambda values, day, since, until, needed: np.where(
        (~np.isnan(values[:, day - since : day - until])).sum(axis=1) >= needed,
        np.nanmean(values[:, day - since : day - until], axis=1),
        np.nan,
    )

    def tell(day, kind, rows, levels):
        lines.extend(f"{entity} {day} {kind} {SEVERITIES[levels[entity]]}" for entity in np.flatnonzero(rows))

    for day in range(days - JUDGED_DAYS, days):
        judged = is_judged & ~np.isnan(spend[:, day])
        no_spend = spend[:, day] == 0
        for name, values in watched:
            level = judge(values, day)
            for side, suffix in ((1, "SPIKE"), (-1, "DROP")):
                found = level[side]
                if (name, suffix) == ("CPL", "SPIKE"):
                    found = np.where(found >= 0, np.minimum(found + 1, 3), -1)
                if (name, suffix) in (("SPEND", "DROP"), ("PERFORMANCE", "DROP")):
                    found = np.where(no_spend, -1, found)
                tell(day, f"{name}_{suffix}", judged & (found >= 0), found)
        # Equal levels are told once; np.searchsorted counts the bounds below.
        now, before = (np.searchsorted([3, 5, 7, 10], np.nan_to_num(frequency[:, at])) for at in (day, day - 1))
        worse = (now > 0) & (now != before) & ~(frequency[:, day - 1] > frequency[:, day])
        tell(day, "FREQUENCY_ALERT", judged & worse, now - 1)
        end = day + 1
        expected = mean(reach, end, 10, 3, 7) / mean(spend, end, 10, 3, 7) * mean(spend, end, 3, 0, 3)
        percent = (mean(reach, end, 3, 0, 3) - expected) / np.abs(expected) * 100
        saturated = (percent < -30) & (mean(frequency, end, 3, 0, 3) > mean(frequency, end, 10, 3, 7))
        tell(day, "REACH_SATURATION", judged & saturated & (expected != 0), severity(percent, [30, 50, 80]))
        last = lambda values: pd.DataFrame(values[:, day - 7 : day]).ffill(axis=1).iloc[:, -1].to_numpy()
        critical = np.full(n, 3)
        tell(day, "ZERO_SPEND", judged & no_spend & (last(spend) > 0), critical)
        silent = ~no_spend & (impressions[:, day] == 0) & (last(impressions) > 0)
        tell(day, "ZERO_IMPRESSIONS", judged & silent, critical)
    return lines


SEVERITIES = ["LOW", "MEDIUM", "HIGH", "CRITICAL"]


def judge(values, day):
    """Worst severity of a rise (1) and of a fall (-1) by z-score, quartiles and change point; −1 for none."""
    observed, history = values[:, day], values[:, day - HISTORY : day]
    known = (~np.isnan(history)).sum(axis=1)
    frame = pd.DataFrame(history)
    mean, deviation = frame.mean(axis=1).to_numpy(), frame.std(axis=1).to_numpy()
    ordered = np.sort(history, axis=1)
    rows = np.arange(n)

    def quantile(q):
        position = q * np.maximum(known - 1, 0)
        below, above = np.floor(position).astype(int), np.ceil(position).astype(int)
        low, high = ordered[rows, below], ordered[rows, above]
        return low + (high - low) * (position - below)

    q1, q3 = quantile(0.25), quantile(0.75)
    room = 1.5 * (q3 - q1)
    enough = (known >= 7) & ~np.isnan(observed)
    constant = ~(deviation > 1e-12 * np.abs(mean))
    z = (observed - mean) / deviation
    percent = np.where(mean == 0, np.nan, (observed - mean) / np.abs(mean) * 100)
    by_distribution = enough & ~constant & ((np.abs(z) > 2.5) | (observed < q1 - room) | (observed > q3 + room))
    after_equal = enough & constant & (np.abs(percent) >= 30)
    found = [
        (by_distribution, observed > mean, severity(z, [3, 4, 5])),
        (after_equal, observed > mean, severity(percent, [30, 50, 80])),
    ]
    recent, before = values[:, day - 2 : day + 1], values[:, day - 9 : day - 2]
    has_both = (~np.isnan(recent)).all(axis=1) & (~np.isnan(before)).all(axis=1) & ~np.isnan(observed)
    now, then = recent.sum(axis=1) / 3, before.sum(axis=1) / 7
    shift = np.where(then == 0, np.nan, (now - then) / np.abs(then) * 100)
    found.append((has_both & (np.abs(shift) > 30), now > then, severity(shift, [30, 50, 80])))
    worst = {1: np.full(n, -1), -1: np.full(n, -1)}
    for is_found, rises, level in found:
        worst[1] = np.where(is_found & rises, np.maximum(worst[1], level), worst[1])
        worst[-1] = np.where(is_found & ~rises, np.maximum(worst[-1], level), worst[-1])
    return worst


def forecasts():
    """Entity × metric × day × (predicted, lower, upper) by moving averages of spans 3, 7 and 14."""
    spend, leads = raw["spend"], raw["leads"]
    made = np.full((n, 3, HORIZON, 3), np.nan)
    for place, values in enumerate([spend / leads.where(leads > 0), leads, spend]):
        by_day = values.T
        short, medium, long = (by_day.ewm(span=span).mean().iloc[-1].to_numpy() for span in (3, 7, 14))
        base, trend = 0.5 * short + 0.3 * medium + 0.2 * long, (short - long) / 14
        deviation = values.std(axis=1).to_numpy()
        enough = values.notna().sum(axis=1).to_numpy() >= 7
        for day in range(HORIZON):
            point, half = base + trend * (day + 1) * 0.5, deviation * 1.96 * np.sqrt(day + 1)
            band = np.stack([point, point - half, point + half], axis=1)
            made[:, place, day] = np.where(enough[:, None], np.maximum(band, 0), np.nan)
    return made


made, seen, average_cpl = timed("features", lambda: features(days))
tier, told = timed("tiers", lambda: tiers(made, average_cpl))
lines = timed("anomalies", anomalies)
points = timed("forecasts", forecasts)
with open("/proc/self/status") as memory:
    peak = next(int(line.split()[1]) for line in memory if line.startswith("VmHWM:")) / 1024

former, former_inputs, former_cpl = features(days - 7)
known = (tiers(former, former_cpl)[0] >= 0) & (tier >= 0)
learnt, held = (np.flatnonzero(known & (np.arange(n) % 2 == half)) for half in (0, 1))


def model():
    trees = HistGradientBoostingClassifier(
        max_iter=100, max_depth=4, learning_rate=0.1, max_leaf_nodes=None, l2_regularization=1, early_stopping=False, random_state=7
    )
    trees.fit(former_inputs.iloc[learnt], tier[learnt])
    return trees.predict_proba(former_inputs.iloc[held])


chances = timed("model", model)
with open(sys.argv[2], "wb") as sink:
    for column in [*(made[name] for name in made), *(seen[name] for name in seen), tier, told]:
        sink.write(np.asarray(column, dtype="<f8").tobytes())
    sink.write(points.astype("<f8").tobytes())
with open(f"{sys.argv[2]}.anomalies", "w") as sink:
    sink.write("\n".join(sorted(lines)))
print(
    json.dumps(
        dict(
            steps=steps,
            peakMb=peak,
            nAnomalies=len(lines),
            nSamples=len(learnt),
            logLoss=log_loss(tier[held], chances, labels=range(TIERS)),
            versions=f"pandas {pd.__version__}, scikit-learn {sklearn.__version__}",
        )
    )
)
