"""LSTM: a small recurrent network over each symbol's last bars; the extra ``lstm`` (torch)."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from quant_tui.domain.cancellation import raise_if_cancelled
from quant_tui.domain.errors import InvalidInput
from quant_tui.ml.models.protocol import Lesson, LossCurve, Parameter
from quant_tui.ml.models.watch import Watch
from quant_tui.ml.panel import Floats, Ints, Panel

if TYPE_CHECKING:
    from torch import Tensor

WEIGHTS, SHAPE = "weights.safetensors", "shape.json"

PREDICTED_AT_ONCE = 2_048
LARGEST_DEVIATION = 10.0
"""Features further from their mean than so many deviations are taken as that far."""


class Lstm:
    """Hochreiter and Schmidhuber, *Long Short-Term Memory* (1997), trained with Adam.

    Features are standardised by the training part; what is not known is its mean.
    """

    name = "LSTM"
    extra = "lstm"
    package = "torch"
    most_classes = 100
    parameters: Mapping[str, Parameter] = {
        "rounds": Parameter(30, "passes over the samples at most", 1, 2000),
        "sequence": Parameter(20, "bars that a forecast looks at", 1, 500, searched=True),
        "hidden": Parameter(32, "cells of a layer", 1, 1024, log=True, searched=True),
        "layers": Parameter(1, "layers", 1, 4),
        "dropout": Parameter(0.0, "share of cells left out while learning", 0.0, 0.9),
        "learning_rate": Parameter(0.001, "step of Adam", 1e-5, 0.5, log=True, searched=True),
        "batch": Parameter(256, "samples of a step", 8, 16_384),
    }

    def fit(self, lesson: Lesson) -> Network:
        """Learn; see :class:`~quant_tui.ml.models.protocol.ModelKind`."""
        raise_if_cancelled(lesson.cancel)
        os.environ.setdefault("OMP_WAIT_POLICY", "passive")
        import torch

        torch.set_num_threads(lesson.threads)
        values, train = lesson.panel.values, lesson.train
        seen = values[: int(train.rows.max()) + 1]
        count = np.maximum(np.isfinite(seen).sum(axis=(0, 1)), 1)
        mean = np.nansum(seen, axis=(0, 1)) / count
        scale = np.sqrt(np.nansum((seen - mean) ** 2, axis=(0, 1)) / count)
        label = (0.0, 1.0)
        if not lesson.classes:
            spread = float(train.values.std())
            label = (float(train.values.mean()), spread if spread > 0.0 else 1.0)
        shape = {
            "features": values.shape[2], "classes": lesson.classes,
            "sequence": lesson.parameters["sequence"], "hidden": lesson.parameters["hidden"],
            "layers": lesson.parameters["layers"], "dropout": lesson.parameters["dropout"],
            "mean": mean.tolist(), "scale": np.where(scale > 0.0, scale, 1.0).tolist(),
            "label": list(label),
        }  # fmt: skip
        # The weights are drawn from a generator of our own for the time of the drawing.
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(lesson.seed)
            network = Network(shape, None, LossCurve())
            network.learn(lesson)
        return network

    def load(self, files: Mapping[str, bytes]) -> Network:
        """Return the network of its files."""
        if not {WEIGHTS, SHAPE} <= files.keys():
            raise InvalidInput(f"An LSTM has the files {WEIGHTS} and {SHAPE}.")
        os.environ.setdefault("OMP_WAIT_POLICY", "passive")
        try:
            shape = json.loads(files[SHAPE])
        except ValueError as error:
            raise InvalidInput(f"This is no shape of an LSTM: {error}") from error
        return Network(shape, files[WEIGHTS], LossCurve())


class Network:
    """A network that learns or has learned.

    Parameters
    ----------
    shape
        Sizes, and mean and deviation of features and label.
    weights
        Of ``files``; None for newly drawn ones.
    """

    def __init__(
        self, shape: Mapping[str, object], weights: bytes | None, curve: LossCurve
    ) -> None:
        import torch
        from torch import nn

        self.curve = curve
        self._shape = shape
        self._classes = int(self._number("classes"))
        self._sequence = int(self._number("sequence"))
        layers, hidden = int(self._number("layers")), int(self._number("hidden"))
        self._net = nn.ModuleDict(
            {
                "lstm": nn.LSTM(
                    int(self._number("features")),
                    hidden,
                    layers,
                    batch_first=True,
                    dropout=self._number("dropout") if layers > 1 else 0.0,
                ),
                "dropout": nn.Dropout(self._number("dropout")),
                "head": nn.Linear(hidden, self._classes or 1),
            }
        )
        if weights is not None:
            from safetensors import SafetensorError
            from safetensors.torch import load

            try:
                self._net.load_state_dict(load(weights))
            except (SafetensorError, RuntimeError) as error:
                raise InvalidInput(f"These are no weights of this LSTM: {error}") from error
        self._net.eval()
        self._torch = torch

    def learn(self, lesson: Lesson) -> None:
        """Fit the weights, and keep those with the least validation loss."""
        torch = self._torch
        windows = self._windows(lesson.panel)
        train = lesson.train
        weights = np.ones(len(train)) if lesson.weights is None else lesson.weights
        target, weight = self._target(train.values), torch.from_numpy(weights.astype(np.float32))
        passes = lesson.rounds or int(lesson.parameters["rounds"])
        batch = int(lesson.parameters["batch"])
        adam = torch.optim.Adam(
            self._net.parameters(), lr=float(lesson.parameters["learning_rate"])
        )
        order = np.random.default_rng(lesson.seed)
        watch = Watch(lesson, "log_loss" if self._classes else "mse", passes)
        kept = self._state()
        for _ in range(passes):
            self._net.train()
            total, places = 0.0, order.permutation(len(train))
            for start in range(0, len(places), batch):
                raise_if_cancelled(lesson.cancel)
                part = places[start : start + batch]
                output = self._forward(windows, train.rows[part], train.columns[part])
                loss = self._loss(output, target[part], weight[part])
                adam.zero_grad()
                loss.backward()
                torch.nn.utils.clip_grad_norm_(self._net.parameters(), 1.0)
                adam.step()
                total += float(loss.detach()) * len(part)
            self._net.eval()
            watch.note(total / len(places), self._held_loss(windows, lesson))
            if watch.is_best:
                kept = self._state()
            if watch.is_over:
                break
        self._net.load_state_dict(kept)
        self.curve = watch.curve

    def predict(self, panel: Panel, rows: Ints, columns: Ints) -> Floats:
        """Return forecasts; see :class:`~quant_tui.ml.models.protocol.TrainedModel`."""
        output = self._batched(self._windows(panel), rows, columns, None)
        if self._classes:
            return np.asarray(self._torch.softmax(output.double(), dim=1).numpy(), np.float64)
        mean, scale = self._list("label")
        return np.asarray(output[:, 0].double().numpy() * scale + mean, np.float64)

    def importance(self) -> Floats | None:
        """Return nothing: a network's weights do not say it."""
        return None

    def files(self) -> dict[str, bytes]:
        """Return weights as safetensors and sizes as JSON."""
        from safetensors.torch import save

        return {WEIGHTS: save(self._state()), SHAPE: json.dumps(dict(self._shape)).encode()}

    def _windows(self, panel: Panel) -> NDArray[np.float32]:
        """Return standardised features with an empty past before the first bar, (N, T', F)."""
        mean, scale = np.array(self._list("mean")), np.array(self._list("scale"))
        rows, names, features = panel.values.shape
        found = np.zeros((names, rows + self._sequence - 1, features), np.float32)
        for column in range(names):
            part = (panel.values[:, column] - mean) / scale
            part = np.clip(np.nan_to_num(part), -LARGEST_DEVIATION, LARGEST_DEVIATION)
            found[column, self._sequence - 1 :] = part
        return found

    def _forward(self, windows: NDArray[np.float32], rows: Ints, columns: Ints) -> Tensor:
        past = rows[:, None] + np.arange(self._sequence)
        batch = self._torch.from_numpy(windows[columns[:, None], past])
        states, _ = self._net["lstm"](batch)
        output: Tensor = self._net["head"](self._net["dropout"](states[:, -1]))
        return output

    def _batched(
        self, windows: NDArray[np.float32], rows: Ints, columns: Ints, lesson: Lesson | None
    ) -> Tensor:
        torch = self._torch
        parts = []
        with torch.no_grad():
            for start in range(0, len(rows), PREDICTED_AT_ONCE):
                if lesson is not None:
                    raise_if_cancelled(lesson.cancel)
                part = slice(start, start + PREDICTED_AT_ONCE)
                parts.append(self._forward(windows, rows[part], columns[part]))
        found: Tensor = torch.cat(parts) if parts else torch.empty((0, self._classes or 1))
        return found

    def _held_loss(self, windows: NDArray[np.float32], lesson: Lesson) -> float | None:
        held = lesson.validation
        if held is None:
            return None
        output = self._batched(windows, held.rows, held.columns, lesson)
        return float(self._loss(output, self._target(held.values), self._torch.ones(len(held))))

    def _target(self, values: Floats) -> Tensor:
        if self._classes:
            places: Tensor = self._torch.from_numpy(values.astype(np.int64))
            return places
        mean, scale = self._list("label")
        target: Tensor = self._torch.from_numpy(((values - mean) / scale).astype(np.float32))
        return target

    def _loss(self, output: Tensor, target: Tensor, weight: Tensor) -> Tensor:
        functional = self._torch.nn.functional
        if self._classes:
            each = functional.cross_entropy(output, target, reduction="none")
        else:
            each = functional.mse_loss(output[:, 0], target, reduction="none")
        loss: Tensor = (each * weight).sum() / weight.sum()
        return loss

    def _state(self) -> dict[str, Tensor]:
        return {name: one.detach().clone() for name, one in self._net.state_dict().items()}

    def _number(self, name: str) -> float:
        value = self._shape.get(name)
        if not isinstance(value, int | float):
            raise InvalidInput(f"The shape of this LSTM lacks {name}.")
        return value

    def _list(self, name: str) -> list[float]:
        value = self._shape.get(name)
        if not isinstance(value, list):
            raise InvalidInput(f"The shape of this LSTM lacks {name}.")
        return [float(one) for one in value]
