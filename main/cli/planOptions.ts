/** Options of everything that plans: training, benchmark, plan and preprocess. */
import { Option, type Command } from 'commander';
import { MsdTask } from '../contract/vocabulary.ts';
import { positiveNumber } from './commonOptions.ts';

export interface PlanOptions {
  readonly task?: MsdTask | 'none';
  readonly gpuMemory?: number;
}

export function addPlanOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--task <nn>',
        "Decathlon task whose fixed numbers the seed preset takes; 'none' plans from the data (default: what the import said)",
      ).choices([...MsdTask.options, 'none']),
    )
    .addOption(new Option('--gpu-memory <GB>', 'memory that the plan shall fill (default: what the preset stands for)').argParser(positiveNumber));
}

export function planChoices({ task, gpuMemory }: PlanOptions): { msdTask?: MsdTask | null; vramGb?: number } {
  return {
    ...(task !== undefined && { msdTask: task === 'none' ? null : task }),
    ...(gpuMemory !== undefined && { vramGb: gpuMemory }),
  };
}
