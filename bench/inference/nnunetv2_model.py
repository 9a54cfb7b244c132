"""Plans MSD hippocampus by nnunetv2 and keeps the untrained network of its trainer as a model folder.

What a prediction costs does not depend on the weights. Usage: nnunetv2_model.py DATASET CONFIGURATION (nnUNet_raw ... set by the
caller); prints a JSON line: folder, patch, batch, spacing.
"""
import json
import os
import sys

import torch
from nnunetv2.experiment_planning.plan_and_preprocess_api import extract_fingerprints, plan_experiments, preprocess
from nnunetv2.training.nnUNetTrainer.nnUNetTrainer import nnUNetTrainer


def main():
    dataset, configuration = sys.argv[1:]
    number = int(dataset[7:10])
    extract_fingerprints([number], num_processes=1, clean=True, verbose=False)
    plans_name = plan_experiments([number])
    preprocess([number], plans_name, configurations=[configuration], num_processes=[1])  # the trainer wants to see the files
    with open(os.path.join(os.environ["nnUNet_preprocessed"], dataset, plans_name + ".json")) as file:
        plans = json.load(file)
    with open(os.path.join(os.environ["nnUNet_raw"], dataset, "dataset.json")) as file:
        about = json.load(file)
    trainer = nnUNetTrainer(plans, configuration, 0, about, device=torch.device("cpu"))
    trainer.initialize()
    trainer.save_checkpoint(os.path.join(trainer.output_folder, "checkpoint_final.pth"))
    for name, content in (("plans.json", plans), ("dataset.json", about)):
        with open(os.path.join(trainer.output_folder_base, name), "w") as file:
            json.dump(content, file)
    described = plans["configurations"][configuration]
    print(json.dumps({"folder": trainer.output_folder_base, "patch": described["patch_size"], "spacing": described["spacing"]}))


if __name__ == "__main__":
    main()
