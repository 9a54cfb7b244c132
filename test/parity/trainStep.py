"""Records one training step of two small networks in Python TensorFlow, for test/parity/trainStep.test.ts.

Independent of Maskloop's graph emitter: own forward pass, tf.GradientTape, own Adam. Weights and batch come from a formula
that the test repeats. Run with: python test/parity/trainStep.py > test/parity/trainStep.json   (tensorflow-cpu 2.21.0)
"""
import json
import os

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402

CASES = {
    "3d": dict(
        patch=[6, 12, 8], channels=2, classes=3, batch=2, batch_dice=True, heads={0: 2 / 3, 1: 1 / 3},
        features=[4, 8, 12], kernels=[[1, 3, 3], [3, 3, 3], [3, 3, 3]], strides=[[1, 1, 1], [1, 2, 2], [2, 2, 2]],
        weight_decay=1e-2, clip=0.5, rate=1e-3),
    "2d": dict(
        patch=[16, 12], channels=1, classes=4, batch=3, batch_dice=False, heads={0: 1.0},
        features=[4, 8, 8], kernels=[[3, 3], [3, 3], [3, 3]], strides=[[1, 1], [2, 2], [2, 2]],
        weight_decay=0.0, clip=0.0, rate=1e-3),
}
BETA1, BETA2, EPSILON, SLOPE, NORM_EPSILON, SMOOTH = 0.9, 0.999, 1e-7, 0.01, 1e-5, 1e-5


def noise(name, count):
    """Values in [-0.5, 0.5): FNV-1a of the name, then a 32-bit integer hash of seed + index."""
    seed = 2166136261
    for char in name.encode():
        seed = ((seed ^ char) * 16777619) & 0xFFFFFFFF
    x = (np.arange(count, dtype=np.uint64) * 2654435761 + seed) & 0xFFFFFFFF
    x = ((x ^ (x >> 16)) * 0x45D9F3B) & 0xFFFFFFFF
    x = ((x ^ (x >> 16)) * 0x45D9F3B) & 0xFFFFFFFF
    x = x ^ (x >> 16)
    return (x.astype(np.float64) / 4294967296 - 0.5).astype(np.float32)


def parameter_shapes(case):
    shapes, fan_in, features = {}, case["channels"], case["features"]

    def block(prefix, kernel, inputs, outputs):
        shapes[prefix + ".conv.weight"] = kernel + [inputs, outputs]
        shapes[prefix + ".norm.scale"] = [outputs]
        shapes[prefix + ".norm.shift"] = [outputs]

    for level, outputs in enumerate(features):
        for i in range(2):
            block(f"encoder.{level}.{i}", case["kernels"][level], fan_in, outputs)
            fan_in = outputs
    for level in range(len(features) - 2, -1, -1):
        shapes[f"decoder.{level}.up.weight"] = case["strides"][level + 1] + [features[level], features[level + 1]]
        shapes[f"decoder.{level}.up.bias"] = [features[level]]
        for i in range(2):
            block(f"decoder.{level}.{i}", case["kernels"][level], features[level] * (2 if i == 0 else 1), features[level])
    for level in case["heads"]:
        shapes[f"head.{level}.weight"] = [1] * len(case["patch"]) + [features[level], case["classes"]]
        shapes[f"head.{level}.bias"] = [case["classes"]]
    return shapes


def initial(name, shape):
    values = noise(name, int(np.prod(shape))).reshape(shape)
    if name.endswith("scale"):
        return 1 + values
    return values * (0.5 if len(shape) > 1 else 1.0)


def forward(case, p, x):
    dims = len(case["patch"])
    conv = tf.nn.conv3d if dims == 3 else tf.nn.conv2d
    transpose = tf.nn.conv3d_transpose if dims == 3 else tf.nn.conv2d_transpose
    axes = list(range(1, dims + 1))

    def block(prefix, x, stride):
        x = conv(x, p[prefix + ".conv.weight"], [1, *stride, 1], "SAME")
        mean, variance = tf.nn.moments(x, axes, keepdims=True)
        x = (x - mean) / tf.sqrt(variance + NORM_EPSILON) * p[prefix + ".norm.scale"] + p[prefix + ".norm.shift"]
        return tf.nn.leaky_relu(x, SLOPE)

    one, skips, outputs = [1] * dims, [], {}
    for level in range(len(case["features"])):
        x = block(f"encoder.{level}.0", x, case["strides"][level])
        x = block(f"encoder.{level}.1", x, one)
        skips.append(x)
    for level in range(len(case["features"]) - 2, -1, -1):
        shape = skips[level].shape[:-1] + [case["features"][level]]
        stride = [1, *case["strides"][level + 1], 1]
        up = transpose(x, p[f"decoder.{level}.up.weight"], shape, stride, "SAME") + p[f"decoder.{level}.up.bias"]
        x = tf.concat([up, skips[level]], -1)
        x = block(f"decoder.{level}.0", x, one)
        x = block(f"decoder.{level}.1", x, one)
        if level in case["heads"]:
            outputs[level] = conv(x, p[f"head.{level}.weight"], [1] * (dims + 2), "SAME") + p[f"head.{level}.bias"]
    return outputs


def loss_of(case, outputs, labels):
    total = 0.0
    for level, weight in case["heads"].items():
        stride = np.prod(case["strides"][: level + 1], axis=0)
        at_level = labels[(slice(None), *(slice(None, None, s) for s in stride))]
        logits = outputs[level]
        target = tf.one_hot(at_level, case["classes"])
        cross_entropy = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(target, logits))
        probs = tf.nn.softmax(logits)
        axes = list(range(0 if case["batch_dice"] else 1, len(case["patch"]) + 1))
        overlap = tf.reduce_sum(probs * target, axes)
        size = tf.reduce_sum(probs, axes) + tf.reduce_sum(target, axes)
        dice = (2 * overlap + SMOOTH) / (size + SMOOTH)
        total += weight * (cross_entropy - tf.reduce_mean(dice[..., 1:]))
    return total


def record(name, case):
    shapes = parameter_shapes(case)
    p = {key: tf.Variable(initial(key, shape)) for key, shape in shapes.items()}
    grid = [case["batch"], *case["patch"]]
    images = noise(name + ".images", int(np.prod(grid)) * case["channels"]).reshape(grid + [case["channels"]]) * 4
    labels = ((noise(name + ".labels", int(np.prod(grid))) + 0.5) * case["classes"]).astype(np.int32).reshape(grid)
    with tf.GradientTape() as tape:
        loss = loss_of(case, forward(case, p, tf.constant(images)), labels)
    gradients = dict(zip(p, tape.gradient(loss, list(p.values()))))
    for key in p:
        if key.endswith("weight"):
            gradients[key] = gradients[key] + case["weight_decay"] * p[key]
    norm = float(tf.linalg.global_norm(list(gradients.values())))
    scale = min(1.0, case["clip"] / norm) if case["clip"] > 0 else 1.0
    tensors = {}
    for key in p:
        g = gradients[key].numpy() * scale
        first, second = (1 - BETA1) * g, (1 - BETA2) * g * g
        rate = case["rate"] * np.sqrt(1 - BETA2) / (1 - BETA1)
        updated = p[key].numpy() - rate * first / (np.sqrt(second) + EPSILON)
        flat = lambda a: [float(f"{v:.8g}") for v in a.reshape(-1)[:12]]
        tensors[key] = dict(shape=shapes[key], momentNorm=float(np.linalg.norm(first)), moment=flat(first),
                            weightNorm=float(np.linalg.norm(updated)), weight=flat(updated))
    return dict(loss=float(loss), gradientNorm=norm, tensors=tensors)


print(json.dumps({"command": "python test/parity/trainStep.py", "tensorflow": tf.__version__,
                  "cases": {name: record(name, case) for name, case in CASES.items()}}))
