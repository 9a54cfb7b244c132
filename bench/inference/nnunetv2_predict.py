"""nnunetv2's own prediction of a folder, on the CPU.

Usage: nnunetv2_predict.py MODEL INPUT OUTPUT plain|mirrored processes|sequential
processes: predict_from_files as nnUNetv2_predict calls it, with its default numbers of processes; sequential: without them, which
tells the phases apart. Prints a JSON line: peak memory of this process and its children, seconds of each phase (sequential).
"""
import json
import os
import resource
import sys
from time import perf_counter

import torch
from nnunetv2.inference import predict_from_raw_data as inference
from nnunetv2.preprocessing.preprocessors.default_preprocessor import DefaultPreprocessor

PHASES = {"preprocess": 0.0, "network": 0.0, "resample and write": 0.0}


def timed(phase, function):
    def wrapper(*args, **kwargs):
        began = perf_counter()
        try:
            return function(*args, **kwargs)
        finally:
            PHASES[phase] += perf_counter() - began
    return wrapper


def main():
    model, source, target, copies, manner = sys.argv[1:]
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "2")))
    predictor = inference.nnUNetPredictor(
        use_mirroring=copies == "mirrored", perform_everything_on_device=False, device=torch.device("cpu"), allow_tqdm=False)
    predictor.initialize_from_trained_model_folder(model, (0,), "checkpoint_final.pth")
    if manner == "sequential":
        DefaultPreprocessor.run_case = timed("preprocess", DefaultPreprocessor.run_case)
        predictor.predict_logits_from_preprocessed_data = timed("network", predictor.predict_logits_from_preprocessed_data)
        inference.export_prediction_from_logits = timed("resample and write", inference.export_prediction_from_logits)
        predictor.predict_from_files_sequential(source, target, save_probabilities=False, overwrite=True)
    else:
        predictor.predict_from_files(source, target, save_probabilities=False, overwrite=True)
    peaks = [resource.getrusage(who).ru_maxrss // 1024 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    print(json.dumps({"peakMb": max(peaks), "phases": PHASES if manner == "sequential" else None}))


if __name__ == "__main__":
    main()
