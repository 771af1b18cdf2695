"""What moves while one encoder is trained, and how it is kept and taken up again."""

from typing import Any

from timm.utils.model_ema import ModelEmaV3
from torch import Tensor, nn

from workflow_scripts.core.encoders import Card
from workflow_scripts.core.errors import InputError
from workflow_scripts.pretrain import randomness
from workflow_scripts.pretrain.account import Account
from workflow_scripts.pretrain.processes import of_all, rank, wrapped
from workflow_scripts.pretrain.recipe import Recipe
from workflow_scripts.pretrain.schedules import optimiser_of
from workflow_scripts.pretrain.views import Views


class Moving:
    """A method with its optimiser, its views' random numbers, and the account."""

    def __init__(
        self,
        method: Any,  # noqa: ANN401 (any method file's)
        card: Card,
        recipe: Recipe,
    ) -> None:
        """Take the `method`, built around its encoder; see `loop.Run`."""
        self.method = method
        self.called = wrapped(method, recipe.compile)  # shares the method's weights
        self.optimiser = optimiser_of(method, recipe)
        self.average: Any = None
        if recipe.average:
            self.average = ModelEmaV3(method.encoder, decay=recipe.average)
        self.views = Views(method, card, recipe)
        self.account = Account()

    @property
    def encoder(self) -> nn.Module:
        """The encoder that would be published now."""
        kept: nn.Module = self.average.module if self.average else self.method.encoder
        return kept

    def update(self, clip_norm: float | None, share: float) -> Tensor:
        """Move the weights by their gradients; return the norm that these had.

        Args:
            clip_norm: that they are cut to; None: they are not.
            share: of the training that is done then.
        """
        weights = [w for w in self.method.parameters() if w.grad is not None]
        norm = nn.utils.get_total_norm([weight.grad for weight in weights])
        if clip_norm is not None:
            nn.utils.clip_grads_with_norm_(weights, clip_norm, norm)
        self.account.norms.append(norm)
        self.optimiser.step()
        self.method.after_step(share)
        if self.average:
            self.average.update(self.method.encoder)
        return norm

    def state(self) -> dict[str, Any]:
        """Return all of it; to be asked for in all processes at once."""
        return {
            "method": self.method.state_dict(),
            "average": self.average.module.state_dict() if self.average else None,
            "optimiser": self.optimiser.state_dict(),
            "random": of_all((randomness.state(), self.views.chance.get_state())),
            "account": self.account.state(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a `state`.

        Raises:
            InputError: if it is of another kind of device.
        """
        everywhere, views = state["random"][rank()]
        if len(views) != len(self.views.chance.get_state()):
            raise InputError(
                "a checkpoint of this training is of another kind of device (GPU or "
                "CPU); go on there, or delete results/.checkpoints"
            )
        self.method.load_state_dict(state["method"])
        if self.average:
            self.average.module.load_state_dict(state["average"])
        self.optimiser.load_state_dict(state["optimiser"])
        randomness.restore(everywhere)
        self.views.chance.set_state(views)
        self.account.restore(state["account"])
