"""One process of the train-step benchmark: the same network, loss and optimiser in PyTorch eager.

Same architecture as plan.ts: conv(no bias) - instance norm - leaky ReLU, strided down, transposed up, heads on the two
finest decoder levels, Dice + cross-entropy, global norm clip 12, Adam. PyTorch pads stride-2 convolutions symmetrically,
TensorFlow at the end; the arithmetic is the same amount.
Usage: torch_step.py STEPS [eager|channels_last]   → a JSON line
"""
import json
import os
import sys
import time

import torch
import torch.nn.functional as F
from torch import nn

torch.set_num_threads(int(os.environ.get("BENCH_THREADS", "2")))
STEPS = int(sys.argv[1])
CHANNELS_LAST = len(sys.argv) > 2 and sys.argv[2] == "channels_last"
BATCH, PATCH, CLASSES, FEATURES = 9, (40, 56, 40), 3, (32, 64, 128, 256)
HEAD_WEIGHTS = (2 / 3, 1 / 3)


def block(fan_in, features, stride):
    return nn.Sequential(
        nn.Conv3d(fan_in, features, 3, stride, 1, bias=False),
        nn.InstanceNorm3d(features, eps=1e-5, affine=True),
        nn.LeakyReLU(0.01, inplace=True),
    )


class UNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder, fan_in = nn.ModuleList(), 1
        for level, features in enumerate(FEATURES):
            self.encoder.append(nn.Sequential(block(fan_in, features, 2 if level else 1), block(features, features, 1)))
            fan_in = features
        self.up, self.decoder, self.heads = nn.ModuleList(), nn.ModuleList(), nn.ModuleList()
        for level in (2, 1, 0):
            features = FEATURES[level]
            self.up.append(nn.ConvTranspose3d(FEATURES[level + 1], features, 2, 2))
            self.decoder.append(nn.Sequential(block(2 * features, features, 1), block(features, features, 1)))
        for level in (0, 1):
            self.heads.append(nn.Conv3d(FEATURES[level], CLASSES, 1))

    def forward(self, x):
        skips = []
        for stage in self.encoder:
            x = stage(x)
            skips.append(x)
        outputs = {}
        for i, level in enumerate((2, 1, 0)):
            x = self.decoder[i](torch.cat([self.up[i](x), skips[level]], 1))
            if level < 2:
                outputs[level] = self.heads[level](x)
        return outputs


def dice_cross_entropy(logits, labels):
    cross_entropy = F.cross_entropy(logits, labels)
    target = F.one_hot(labels, CLASSES).movedim(-1, 1).float()
    probs, axes = logits.softmax(1), (0, 2, 3, 4)
    overlap, total = (probs * target).sum(axes), probs.sum(axes) + target.sum(axes)
    return cross_entropy - ((2 * overlap + 1e-5) / (total + 1e-5))[1:].mean()


net = UNet()
index = torch.arange(BATCH * PATCH[0] * PATCH[1] * PATCH[2], dtype=torch.float32)
images = (torch.sin(index * 0.7) + torch.cos(index * 0.013)).reshape(BATCH, 1, *PATCH)
whole = index.long()
labels = torch.where(whole % 7 < 5, 0, whole % 2 + 1).reshape(BATCH, *PATCH)
if CHANNELS_LAST:
    net = net.to(memory_format=torch.channels_last_3d)
    images = images.to(memory_format=torch.channels_last_3d)
optimizer = torch.optim.Adam(net.parameters(), 3e-4, eps=1e-7)


def step():
    optimizer.zero_grad()
    outputs = net(images)
    loss = HEAD_WEIGHTS[0] * dice_cross_entropy(outputs[0], labels) + HEAD_WEIGHTS[1] * dice_cross_entropy(
        outputs[1], labels[:, ::2, ::2, ::2])
    loss.backward()
    torch.nn.utils.clip_grad_norm_(net.parameters(), 12)
    optimizer.step()
    return loss.item()


step(), step()
milliseconds, losses = [], []
for _ in range(STEPS):
    start = time.perf_counter()
    losses.append(step())
    milliseconds.append((time.perf_counter() - start) * 1e3)
peak = int(next(line for line in open("/proc/self/status") if line.startswith("VmHWM")).split()[1]) // 1024
print(json.dumps({"milliseconds": milliseconds, "losses": losses, "peakMb": peak}))
