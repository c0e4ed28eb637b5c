"""What samplers share that propose the parameters of a trial one by one, as they are asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import optuna

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution
    from optuna.trial import FrozenTrial


class OneByOne(optuna.samplers.BaseSampler):
    """Proposes nothing ahead: all is left to `sample_independent`, which Optuna asks for each parameter by itself."""

    def infer_relative_search_space(self, study: optuna.Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        """Name no parameters that are proposed ahead."""
        return {}

    def sample_relative(
        self, study: optuna.Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """Propose none ahead."""
        return {}
