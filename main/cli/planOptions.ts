/** Options of everything that plans: training, benchmark, plan and preprocess. */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Option, type Command } from 'commander';
import type { CallInput } from '../contract/api.ts';
import { AppException } from '../contract/errors.ts';
import { MsdTask } from '../contract/vocabulary.ts';
import { positiveNumber } from './commonOptions.ts';

export interface PlanOptions {
  readonly task?: MsdTask | 'none';
  readonly gpuMemory?: number;
}

export function addPlanOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--task <nn>', "Decathlon task whose fixed numbers the seed preset takes; 'none' plans from the data (default: what the import said)").choices(
        [...MsdTask.options, 'none'],
      ),
    )
    .addOption(new Option('--gpu-memory <GB>', 'memory that the plan shall fill (default: what the preset stands for)').argParser(positiveNumber));
}

export function planChoices({ task, gpuMemory }: PlanOptions): { msdTask?: MsdTask | null; vramGb?: number } {
  return { ...(task !== undefined && { msdTask: task === 'none' ? null : task }), ...(gpuMemory !== undefined && { vramGb: gpuMemory }) };
}

export const plansOption = (): Option => new Option('--plans <file>', "nnU-Net v2's nnUNetPlans.json, instead of a plan from the cases");

type Plans = CallInput<'nnunet.plan'>['plans'];

/** As JSON; the call checks what it says. Throws AppException contract/bad-input when it cannot be read. */
export async function readPlans(file: string | undefined): Promise<{ plans?: Plans }> {
  if (file === undefined) return {};
  try {
    return { plans: JSON.parse(await readFile(resolve(file), 'utf8')) as Plans };
  } catch (thrown) {
    throw new AppException({
      code: 'contract/bad-input',
      issues: [`--plans: ${file} cannot be read (${thrown instanceof Error ? thrown.message : String(thrown)})`],
    });
  }
}
