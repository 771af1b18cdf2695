"""Networks as other projects have them, with weights that are not the initial ones."""

import timm
import torch
from torch import nn
from torchvision.models import DenseNet, ResNet, convnext
from torchvision.models.resnet import BasicBlock
from torchvision.models.vision_transformer import VisionTransformer

from workflow_scripts.core.encoders import Card, normalised
from workflow_scripts.pretrain.weights import reading
from workflow_scripts.pretrain.weights.adopting import adopt
from workflow_scripts.pretrain.weights.formats import IMAGENET

SMALL = {"depth": 2, "embed_dim": 32, "num_heads": 2}


def moved(model, seed=0):
    """The model with every weight and statistic drawn anew, in evaluation mode."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, tensor in model.state_dict().items():
            if tensor.is_floating_point():
                noise = torch.randn(tensor.shape, generator=generator)
                if name.endswith("running_var"):
                    tensor.copy_(1 + noise.abs())
                else:
                    tensor.add_(0.05 * noise)
    return model.eval()


def vit(size=64, **arguments):
    """timm's vision transformer for colour, small."""
    options = {"patch_size": 16, "num_classes": 0, **SMALL, **arguments}
    return moved(timm.models.VisionTransformer(img_size=size, **options))


def vision_vit(size=64):
    model = VisionTransformer(size, 16, 2, 2, 32, 128)
    model.heads = nn.Identity()
    return moved(model)


def vision_convnext():
    stages = [
        convnext.CNBlockConfig(8, 16, 1),
        convnext.CNBlockConfig(16, 24, 2),
        convnext.CNBlockConfig(24, 32, 1),
        convnext.CNBlockConfig(32, None, 1),
    ]
    return moved(convnext.ConvNeXt(stages, num_classes=5))


def greys(n=2, size=64, seed=0):
    """Smooth images with pixels from 0 to 255, as the store has them."""
    generator = torch.Generator().manual_seed(seed)
    rough = torch.rand(n, 1, size // 4, size // 4, generator=generator)
    smooth = nn.functional.interpolate(rough, size=size, mode="bilinear")
    return (255 * smooth[:, 0]).to(torch.uint8)


def in_colour(images, pixels=IMAGENET):
    """What a network for colour is shown of grey uint8 `images`."""
    three = (images[:, None] / 255).expand(-1, 3, -1, -1)
    mean, deviation = (
        torch.tensor(values)[:, None, None]
        for values in (pixels.mean, pixels.deviation)
    )
    return (three - mean) / deviation


def before(words, state):
    return {f"{words}{name}": tensor for name, tensor in state.items()}


def vision_resnet():
    return moved(ResNet(BasicBlock, [1, 1, 1, 1], num_classes=7))


def vision_densenet(n_findings):
    return moved(DenseNet(32, (2, 2), num_classes=n_findings))


def grey_twin(backbone="vit_small_patch16_224", size=64, **arguments):
    """A small network for grey images as timm's `backbone` is named, and its card."""
    options = {"in_chans": 1, "num_classes": 0, **arguments}
    if backbone.startswith("vit"):
        model = vit(size, **options)
    elif backbone == "resnet18":
        model = timm.models.ResNet(timm.models.resnet.BasicBlock, (1,) * 4, **options)
    elif backbone == "densenet121":
        model = timm.models.DenseNet(32, (2, 2), **options)
    else:
        dims = {"depths": (1, 2, 1, 1), "dims": (8, 16, 24, 32)}
        model = timm.models.ConvNeXt(**dims, **options)
    model.pretrained_cfg = timm.get_pretrained_cfg(backbone).to_dict()
    return model.eval(), Card(timm={}, size_px=size, mean=0.5, deviation=0.25)


def adopted(tmp_path, checkpoint, model, card, **asked):
    """The card after `model` took its weights from a file with `checkpoint`."""
    torch.save(checkpoint, tmp_path / "weights.pth")
    return adopt(model, card, reading.tensors(tmp_path / "weights.pth"), **asked)


@torch.no_grad()
def farthest(model, card, theirs, images, pixels=IMAGENET):
    """Largest difference of features, over the spread of theirs, on grey `images`."""
    expected = theirs(in_colour(images, pixels)).flatten(1)
    seen = model(normalised(images, card)).flatten(1)
    return float((seen - expected).abs().max() / expected.std())
