"""nnU-Net v2 (nnunetv2 from PyPI) on one fold, on the CPU, for a wall-clock budget.

Its own planner, preprocessing, augmentation, network, loss and optimiser; only the length differs: epochs are short and the
learning rate falls by nnU-Net's polynomial over the budget instead of over 1000 epochs, so that it ends at 0 with the time.
The clock starts when the first batch is ready and covers training and its validations, as Maskloop's does.
Usage: nnunetv2_fold.py WORK DATASET CONFIGURATION MINUTES OPTIMIZER STEPS_PER_EPOCH   (nnUNet_raw … set by the caller)
Writes WORK/predictions and WORK/predictions_tta; prints a JSON line.
"""
import json
import os
import resource
import sys
from time import perf_counter

import torch
from nnunetv2.experiment_planning.plan_and_preprocess_api import extract_fingerprints, plan_experiments, preprocess
from nnunetv2.inference.predict_from_raw_data import nnUNetPredictor
from nnunetv2.training.nnUNetTrainer.nnUNetTrainer import nnUNetTrainer


class BudgetTrainer(nnUNetTrainer):
    minutes = 1.0
    optimizer_name = "sgd"
    steps_per_epoch = 36

    def __init__(self, plans, configuration, fold, dataset_json, device):  # the parent looks its arguments up by these names
        super().__init__(plans, configuration, fold, dataset_json, device)
        self.num_iterations_per_epoch = self.steps_per_epoch
        self.num_val_iterations_per_epoch = 4
        self.curve = []
        self.steps = 0
        self.began = None
        if self.optimizer_name == "adam":  # nnUNetTrainerVanillaAdam1en3
            self.initial_lr = 1e-3

    def configure_optimizers(self):
        optimizer, scheduler = super().configure_optimizers()
        if self.optimizer_name == "adam":
            optimizer = torch.optim.Adam(self.network.parameters(), lr=self.initial_lr, weight_decay=self.weight_decay)
            scheduler.optimizer = optimizer
        return optimizer, scheduler

    def used(self):
        return min(1.0, (perf_counter() - self.began) / (60 * self.minutes))

    def plot_network_architecture(self):
        pass

    def on_train_epoch_start(self):
        self.network.train()
        self.logger.log("lrs", self.optimizer.param_groups[0]["lr"], self.current_epoch)

    def train_step(self, batch):
        for group in self.optimizer.param_groups:
            group["lr"] = self.initial_lr * (1 - self.used()) ** 0.9
        self.steps += 1
        return super().train_step(batch)

    def run_training(self):
        self.on_train_start()
        self.began = perf_counter()
        while self.used() < 1:
            self.on_epoch_start()
            self.on_train_epoch_start()
            outputs = []
            while len(outputs) < self.num_iterations_per_epoch and self.used() < 1:
                outputs.append(self.train_step(next(self.dataloader_train)))
            if not outputs:
                break
            self.on_train_epoch_end(outputs)
            with torch.no_grad():
                self.on_validation_epoch_start()
                self.on_validation_epoch_end([self.validation_step(next(self.dataloader_val)) for _ in range(self.num_val_iterations_per_epoch)])
            log = self.logger.my_fantastic_logging
            self.curve.append({
                "step": self.steps, "minutes": (perf_counter() - self.began) / 60,
                "trainLoss": float(log["train_losses"][-1]), "pseudoDice": float(log["mean_fg_dice"][-1]),
            })
            self.on_epoch_end()
        self.trained_seconds = perf_counter() - self.began
        self.on_train_end()


# prediction looks the class up by this name; the network is nnUNetTrainer's
BudgetTrainer.__name__ = "nnUNetTrainer"


def predict(model_folder, work, fold, mirroring):
    predictor = nnUNetPredictor(use_mirroring=mirroring, perform_everything_on_device=False, device=torch.device("cpu"), allow_tqdm=False)
    predictor.initialize_from_trained_model_folder(model_folder, (fold,), "checkpoint_final.pth")
    target = os.path.join(work, "predictions_tta" if mirroring else "predictions")
    os.makedirs(target, exist_ok=True)
    began = perf_counter()
    predictor.predict_from_files_sequential(os.path.join(work, "heldout"), target, save_probabilities=False, overwrite=True)
    return perf_counter() - began


def main():
    work, dataset, configuration, minutes, optimizer, steps = sys.argv[1:]
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "2")))
    number = int(dataset[7:10])
    extract_fingerprints([number], num_processes=1, clean=True, verbose=False)
    plans = plan_experiments([number])
    preprocess([number], plans, configurations=[configuration], num_processes=[1])
    folder = os.path.join(os.environ["nnUNet_preprocessed"], dataset)
    with open(os.path.join(work, "splits_final.json")) as source, open(os.path.join(folder, "splits_final.json"), "w") as target:
        target.write(source.read())
    with open(os.path.join(folder, plans + ".json")) as file:
        plan = json.load(file)
    with open(os.path.join(os.environ["nnUNet_raw"], dataset, "dataset.json")) as file:
        about = json.load(file)
    BudgetTrainer.minutes, BudgetTrainer.optimizer_name, BudgetTrainer.steps_per_epoch = float(minutes), optimizer, int(steps)
    trainer = BudgetTrainer(plan, configuration, 0, about, device=torch.device("cpu"))
    trainer.run_training()
    predict_seconds = {"plain": predict(trainer.output_folder_base, work, 0, False), "tta": predict(trainer.output_folder_base, work, 0, True)}
    described = plan["configurations"][configuration]
    print(json.dumps({
        "steps": trainer.steps, "secondsPerStep": trainer.trained_seconds / trainer.steps, "trainedSeconds": trainer.trained_seconds,
        "patch": described["patch_size"], "batchSize": described["batch_size"], "optimizer": optimizer, "initialRate": trainer.initial_lr,
        "predictSeconds": predict_seconds, "peakRssMb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024, "curve": trainer.curve,
    }))


if __name__ == "__main__":
    main()
