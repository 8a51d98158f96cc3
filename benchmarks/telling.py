"""Telling apart: what differs between two answers, by how much they differ in time, and what a classifier makes of it.

Ids, times and the pair's own locators are opaque: each is replaced by a token that says which one it is, in the order
they first come, so that a body with the same ids in other places still differs.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier  # type: ignore[import-untyped]  # scikit-learn ships no types
from sklearn.impute import SimpleImputer  # type: ignore[import-untyped]  # scikit-learn ships no types
from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped]  # scikit-learn ships no types
from sklearn.metrics import roc_auc_score  # type: ignore[import-untyped]  # scikit-learn ships no types
from sklearn.model_selection import GroupKFold, cross_val_predict  # type: ignore[import-untyped]  # scikit-learn ships no types
from sklearn.pipeline import make_pipeline  # type: ignore[import-untyped]  # scikit-learn ships no types
from sklearn.preprocessing import StandardScaler  # type: ignore[import-untyped]  # scikit-learn ships no types
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # it ships no types

from benchmarks.pairs import Side
from benchmarks.wire import Reply

CONFIDENCE_Z = 2.5758  # of a 99% interval, two-sided, of the normal distribution
_ID = re.compile(r"[0-9a-f]{32}")
_CODE = re.compile(r"\b[0-9A-Z]{4}(-[0-9A-Z]{4}){3}\b")
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?(\+00:00|Z)")


class Told(msgspec.Struct, frozen=True):
    """One answer made comparable: status, headers in their order, size of the body, and its text."""

    status: int
    headers: tuple[tuple[str, str], ...]
    size: int
    text: str


class Ear:
    """Hears one side of a pair: makes its answers comparable."""

    def __init__(self, side: Side) -> None:
        """Know the side's own locators."""
        codes = [(code, f"<shown {at}>") for at, code in enumerate(side.shown)]
        codes += [(code, "<secret>") for code in side.secret]
        self._codes = dict(codes)
        self._pattern = re.compile("|".join(map(re.escape, self._codes))) if codes else None
        self._ids: dict[str, str] = {}

    def told(self, reply: Reply) -> Told:
        """An answer with everything opaque in it replaced."""
        headers = tuple((name, self._header(name.casefold(), value)) for name, value in reply.headers)
        return Told(reply.status, headers, len(reply.body), self._text(reply.body.decode()))

    def _header(self, name: str, value: str) -> str:
        return "<date>" if name == "date" else "<request>" if name == "x-request-id" else self._text(value)

    def _text(self, text: str) -> str:
        text = _CODE.sub("<code>", _TIME.sub("<time>", text))
        text = _ID.sub(lambda found: self._ids.setdefault(found[0], f"<id {len(self._ids)}>"), text)
        return text if self._pattern is None else self._pattern.sub(lambda found: self._codes[found[0]], text)


class Timed(msgspec.Struct, frozen=True, gc=False):
    """One step played to both sides: its kind, the seconds each took, and the bytes each got."""

    kind: str
    protected: float
    ordinary: float
    sizes: tuple[int, int]


def interval_us(differences: Sequence[float]) -> tuple[float, float, float]:
    """The median of differences in seconds, and its 99% interval by order statistics, all in microseconds.

    The ranks are n/2 -+ z sqrt(n)/2: the binomial's, as the normal distribution has them (Conover, Practical
    Nonparametric Statistics, 3.2). With fewer than eight differences the interval is without end.
    """
    found = np.sort(np.asarray(differences, dtype=np.float64)) * 1e6
    n = len(found)
    half = CONFIDENCE_Z * np.sqrt(n) / 2
    low, high = int(np.floor(n / 2 - half)), int(np.ceil(n / 2 + half))
    if low < 0 or high >= n:
        return (float(np.median(found)) if n else 0.0), float("-inf"), float("inf")
    return float(np.median(found)), float(found[low]), float(found[high])


def auc(transcripts: Sequence[tuple[int, Sequence[Timed]]]) -> float:
    """How well a classifier tells protected from ordinary transcripts: the larger of AUC and 1 - AUC, cross-validated.

    `transcripts`: the pair's number and its steps. Both sides of a pair are in the same fold. Two classifiers, trees
    and a line; the better one counts.
    """
    kinds = sorted({step.kind for _, steps in transcripts for step in steps})
    rows, labels, groups = [], [], []
    for number, steps in transcripts:
        for label in (0, 1):
            rows.append(_features(steps, label, kinds))
            labels.append(label)
            groups.append(number)
    found = np.asarray(rows)
    features, truth = found[:, ~np.isnan(found).all(axis=0)], np.asarray(labels)
    trees = HistGradientBoostingClassifier(max_iter=150, learning_rate=0.05, random_state=0)
    line = make_pipeline(SimpleImputer(), StandardScaler(), LogisticRegression(max_iter=2000))
    best = 0.5
    for classifier in (trees, line):
        folds = GroupKFold(n_splits=5)
        with threadpool_limits(1):  # threads that wait for each other take many times as long on a busy machine
            guesses = cross_val_predict(
                classifier, features, truth, groups=np.asarray(groups), cv=folds, method="predict_proba"
            )[:, 1]
        score = float(roc_auc_score(truth, guesses))
        best = max(best, score, 1 - score)
    return best


def _features(steps: Sequence[Timed], label: int, kinds: Sequence[str]) -> list[float]:
    """What one transcript shows of itself: times and sizes, by kind of step and altogether, and in order."""
    found: list[float] = []
    times = np.asarray([step.ordinary if label else step.protected for step in steps])
    sizes = np.asarray([step.sizes[label] for step in steps], dtype=np.float64)
    for kind in kinds:
        of = np.asarray([step.kind == kind for step in steps])
        found += [*_spread(times[of]), float(sizes[of].sum()) if of.any() else np.nan]
    found += [*_spread(times), float(sizes.sum())]
    ordered: NDArray[Any] = np.full(24, np.nan)
    some = np.sort(times)[:24]
    ordered[: len(some)] = some
    return [*found, *ordered]


def _spread(times: NDArray[np.float64]) -> list[float]:
    if not len(times):
        return [np.nan] * 4
    logs = np.log(times)
    return [float(logs.mean()), float(np.median(logs)), float(logs.min()), float(logs.max())]
