"""Runs a SavedModel that Maskloop exported, in Python TensorFlow, for test/parity/servedModel.test.ts.

python test/parity/servedModel.py MODEL_FOLDER INPUT.f32 OUTPUT.f32   (raw little-endian float32; shapes are the signature's)
"""
import os
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402

folder, source, target = sys.argv[1:]
signature = tf.saved_model.load(folder).signatures["serving_default"]
shape = signature.structured_input_signature[1]["image"].shape
image = np.fromfile(source, "<f4").reshape(shape)
probabilities = signature(image=tf.constant(image))["probabilities"].numpy()
probabilities.astype("<f4").tofile(target)
print(tf.__version__, probabilities.shape)
