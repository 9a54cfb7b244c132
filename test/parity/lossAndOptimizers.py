"""Records nnU-Net's own losses and PyTorch's own optimisers on numbers by formula, for test/parity/lossAndOptimizers.test.ts.

Run with: python test/parity/lossAndOptimizers.py > test/parity/lossAndOptimizers.json   (nnunetv2 2.6.2, torch 2.15.0)
"""
import json

import numpy as np
import torch
from nnunetv2.training.loss.compound_losses import DC_and_BCE_loss, DC_and_CE_loss
from nnunetv2.training.loss.dice import MemoryEfficientSoftDiceLoss

SHAPE, CLASSES, IGNORE, REGIONS = (2, 3, 5, 4), 4, 4, [[1, 2, 3], [2, 3], [3]]


def values(count, seed):
    """Uniform in (-1, 1): randomValues of main/compute/testing/gradientCheck.ts."""
    state, out = seed * 2654435761 + 1, []
    for _ in range(count):
        state = (state * 1664525 + 1013904223) & 0xFFFFFFFF
        out.append(state / 2**32 * 2 - 1)
    return np.array(out, dtype=np.float32)


def labels(classes):
    count = int(np.prod(SHAPE))
    return np.array([(i * 5 + (i >> 2)) % classes for i in range(count)]).reshape(SHAPE)


def logits(channels):
    last = (3 * values(int(np.prod(SHAPE)) * channels, 1)).reshape(*SHAPE, channels)
    return torch.tensor(np.moveaxis(last, -1, 1).astype(np.float64), requires_grad=True)


def recorded(loss, x):
    loss.backward()
    gradient = np.moveaxis(x.grad.numpy(), 1, -1)
    return dict(loss=loss.item(), gradientNorm=float(np.linalg.norm(gradient)), gradient=gradient.reshape(-1)[:12].tolist())


def softmax_case(batch_dice, ignore):
    x, y = logits(CLASSES), torch.tensor(labels(CLASSES + (1 if ignore else 0)))[:, None]
    dice = dict(batch_dice=batch_dice, smooth=1e-5, do_bg=False, ddp=False)
    loss = DC_and_CE_loss(dice, {}, ignore_label=IGNORE if ignore else None, dice_class=MemoryEfficientSoftDiceLoss)
    return recorded(loss(x, y), x)


def region_case(batch_dice, ignore):
    """With ignored voxels nnU-Net adds BCE up over regions; without, and here always, it is their mean."""
    x, y = logits(len(REGIONS)), labels(CLASSES + (1 if ignore else 0))
    target = [np.isin(y, classes) for classes in REGIONS] + ([y == IGNORE] if ignore else [])
    dice = dict(batch_dice=batch_dice, smooth=1e-5, do_bg=True, ddp=False)
    loss = DC_and_BCE_loss({}, dice, weight_ce=1 / len(REGIONS) if ignore else 1, use_ignore_label=ignore)
    return recorded(loss(x, torch.tensor(np.stack(target, 1)).to(torch.float64)), x)


def optimizer_case(make, clip):
    sizes, steps = [15, 4, 2], 20
    weights = [torch.tensor(values(n, i + 1).astype(np.float64), requires_grad=True) for i, n in enumerate(sizes)]
    optimizer = make(weights)
    for step in range(1, steps + 1):
        for group in optimizer.param_groups:
            group["lr"] = 0.01 * (1 - (step - 1) / steps) ** 0.9
        for i, w in enumerate(weights):
            w.grad = torch.tensor((3 * values(w.numel(), 10 * step + i)).astype(np.float32).astype(np.float64))
        if clip:
            torch.nn.utils.clip_grad_norm_(weights, clip)
        optimizer.step()
    return dict(steps=steps, weights=[w.detach().numpy().tolist() for w in weights])


cases = {
    "softmax": {f"{'batch' if b else 'sample'}{', ignore' if i else ''}": softmax_case(b, i) for b in (True, False) for i in (True, False)},
    "regions": {f"{'batch' if b else 'sample'}{', ignore' if i else ''}": region_case(b, i) for b in (True, False) for i in (True, False)},
    "optimizers": {
        "nnU-Net's SGD": optimizer_case(lambda w: torch.optim.SGD(w, 0.01, momentum=0.99, weight_decay=3e-2, nesterov=True), 2),
        "RAdam": optimizer_case(lambda w: torch.optim.RAdam(w, 0.01, eps=1e-8), 0),
        "SGD without Nesterov": optimizer_case(lambda w: torch.optim.SGD(w, 0.01, momentum=0.9), 0),
    },
}
print(json.dumps({"command": "python test/parity/lossAndOptimizers.py", "torch": torch.__version__, **cases}))
