"""Records what nnU-Net v2's own networks cost and compute, for test/parity/networks.test.ts.

Feature-map elements as its planner counts them (without auxiliary heads) and trainable parameters, of plain and residual
U-Nets built on the meta device; logits of a small residual one whose weights come from a formula that the test repeats. Run with: python test/parity/networks.py > test/parity/networks.json
(nnunetv2 2.x brings dynamic_network_architectures; torch)
"""
import json
import re
from importlib.metadata import version

import numpy as np
import torch
from dynamic_network_architectures.architectures.unet import PlainConvUNet, ResidualEncoderUNet
from torch import nn

CASES = {
    "plain 3D, BraTS": dict(kind="plain", patch=[128, 128, 128], channels=4, classes=4, features=[32, 64, 128, 256, 320, 320],
                            kernels=[[3, 3, 3]] * 6, strides=[[1, 1, 1]] + [[2, 2, 2]] * 5, blocks=[2] * 6, decoder=2),
    "residual 3D, Hippocampus": dict(kind="residual", patch=[40, 56, 40], channels=1, classes=3, features=[32, 64, 128, 256],
                                     kernels=[[3, 3, 3]] * 4, strides=[[1, 1, 1]] + [[2, 2, 2]] * 3, blocks=[1, 3, 4, 6], decoder=1),
    "residual 3D, AMOS (ResEnc L patch)": dict(kind="residual", patch=[96, 224, 224], channels=1, classes=16, features=[32, 64, 128, 256, 320, 320],
                                               kernels=[[1, 3, 3]] + [[3, 3, 3]] * 5, strides=[[1, 1, 1], [1, 2, 2]] + [[2, 2, 2]] * 4,
                                               blocks=[1, 3, 4, 6, 6, 6], decoder=1),
    "residual 2D": dict(kind="residual", patch=[320, 256], channels=2, classes=3, features=[32, 64, 128, 256, 512, 512, 512],
                        kernels=[[3, 3]] * 7, strides=[[1, 1]] + [[2, 2]] * 6, blocks=[1, 3, 4, 6, 6, 6, 6], decoder=1),
    "residual 3D, equal features": dict(kind="residual", patch=[16, 32, 32], channels=1, classes=2, features=[8, 8, 16],
                                        kernels=[[3, 3, 3]] * 3, strides=[[1, 1, 1], [1, 2, 2], [2, 2, 2]], blocks=[2, 1, 2], decoder=1),
}


def build(case, device):
    is_3d = len(case["patch"]) == 3
    common = dict(
        input_channels=case["channels"], n_stages=len(case["features"]), features_per_stage=case["features"],
        conv_op=nn.Conv3d if is_3d else nn.Conv2d, kernel_sizes=case["kernels"], strides=case["strides"], num_classes=case["classes"],
        n_conv_per_stage_decoder=[case["decoder"]] * (len(case["features"]) - 1), conv_bias=False,
        norm_op=nn.InstanceNorm3d if is_3d else nn.InstanceNorm2d, norm_op_kwargs=dict(eps=1e-5, affine=True),
        nonlin=nn.LeakyReLU, nonlin_kwargs=dict(inplace=True), deep_supervision=False)
    with torch.device(device):
        if case["kind"] == "plain":
            return PlainConvUNet(n_conv_per_stage=case["blocks"], **common)
        return ResidualEncoderUNet(n_blocks_per_stage=case["blocks"], **common)


def noise(name, shape):
    """Values in [-0.5, 0.5): FNV-1a of the name, then a 32-bit integer hash of seed + index (as in trainStep.py)."""
    seed = 2166136261
    for char in name.encode():
        seed = ((seed ^ char) * 16777619) & 0xFFFFFFFF
    x = (np.arange(int(np.prod(shape)), dtype=np.uint64) * 2654435761 + seed) & 0xFFFFFFFF
    x = ((x ^ (x >> 16)) * 0x45D9F3B) & 0xFFFFFFFF
    x = ((x ^ (x >> 16)) * 0x45D9F3B) & 0xFFFFFFFF
    x = x ^ (x >> 16)
    return (x.astype(np.float64) / 4294967296 - 0.5).astype(np.float32).reshape(shape)


# Stride 1 everywhere: TensorFlow and PyTorch pad strided convolutions differently, blocks and skips are the same.
FORWARD = dict(kind="residual", patch=[6, 5, 4], channels=2, classes=3, features=[4, 6], kernels=[[1, 3, 3], [3, 3, 3]],
               strides=[[1, 1, 1]] * 2, blocks=[2, 2], decoder=1)
RENAMED = [  # ours -> theirs
    (r"^stem\.", "encoder.stem.convs.0."),
    (r"^encoder\.(\d)\.(\d)\.first\.", r"encoder.stages.\1.blocks.\2.conv1."),
    (r"^encoder\.(\d)\.(\d)\.second\.", r"encoder.stages.\1.blocks.\2.conv2."),
    (r"^encoder\.(\d)\.(\d)\.skip\.", r"encoder.stages.\1.blocks.\2.skip.0."),
    (r"^decoder\.0\.0\.", "decoder.stages.0.convs.0."),
    (r"^decoder\.0\.up\.", "decoder.transpconvs.0."),
    (r"^head\.0\.", "decoder.seg_layers.0."),
    (r"norm\.scale$", "norm.weight"),
    (r"norm\.shift$", "norm.bias"),
]


def forward(names):
    net = build(FORWARD, "cpu").double()
    theirs = dict(net.named_parameters())
    used = set()
    for ours in names:
        key = ours
        for pattern, replacement in RENAMED:
            key = re.sub(pattern, replacement, key)
        target = theirs[key]
        used.add(id(target))
        if target.ndim == 1:
            value = noise(ours, list(target.shape)) + (1 if ours.endswith("scale") else 0)
        else:  # ours: kernel, in, out (transposed: kernel, out, in); theirs: out, in, kernel (transposed: in, out, kernel)
            shape = list(target.shape)
            value = np.moveaxis(noise(ours, shape[2:] + [shape[1], shape[0]]), [-1, -2], [0, 1])
        with torch.no_grad():
            target.copy_(torch.tensor(np.ascontiguousarray(value)).double())
    assert used == {id(p) for p in net.parameters()}, "an array of theirs has no name of ours"
    image = noise("image", [1] + FORWARD["patch"] + [FORWARD["channels"]])
    with torch.no_grad():
        logits = net(torch.tensor(np.moveaxis(image, -1, 1).copy()).double()).numpy()
    return [round(float(v), 7) for v in np.moveaxis(logits, 1, -1).ravel()]


NAMES = [f"{prefix}.{end}" for prefix in ["stem", "encoder.0.0.first", "encoder.0.0.second", "encoder.0.1.first", "encoder.0.1.second",
                                          "encoder.1.0.first", "encoder.1.0.second", "encoder.1.0.skip", "encoder.1.1.first",
                                          "encoder.1.1.second", "decoder.0.0"] for end in ["conv.weight", "norm.scale", "norm.shift"]]
NAMES += ["decoder.0.up.weight", "head.0.weight", "head.0.bias"]

costs = {}
for name, case in CASES.items():
    net = build(case, "meta")
    parameters = sum(p.numel() for p in net.parameters())
    costs[name] = dict(case, elements=int(net.compute_conv_feature_map_size(case["patch"])), parameters=parameters)
print(json.dumps(dict(dynamic_network_architectures=version("dynamic_network_architectures"), torch=torch.__version__,
                      costs=costs, forward=dict(spec=FORWARD, logits=forward(NAMES)))))
