import { Command } from 'commander';
import type { ProgramPaths } from '../host/programPaths.ts';
import { addAuditCommand } from './auditCommand.ts';
import { addBenchCommand } from './benchCommand.ts';
import { addDemoCommand } from './demoCommand.ts';
import { addCompletenessCommand } from './completenessCommand.ts';
import { addDoctorCommand } from './doctorCommand.ts';
import { addEffortCommand } from './effortCommand.ts';
import { exitCodesHelp } from './exitCodes.ts';
import { addEvaluateCommand } from './evaluateCommand.ts';
import { addExportCommand } from './exportCommand.ts';
import { addFindBestCommand } from './findBestCommand.ts';
import { addImportCommand } from './importCommand.ts';
import { addLegendCommands } from './legendCommand.ts';
import { addListCommands } from './listCommands.ts';
import { addModelCommands } from './modelCommands.ts';
import { addModelsCommand } from './modelsCommand.ts';
import { addNodeCommands } from './nodeCommands.ts';
import { addPlanCommands } from './planCommand.ts';
import { addPredictCommand } from './predictCommand.ts';
import { addProjectCommands } from './projectCommands.ts';
import { addRerunCommand } from './rerunCommand.ts';
import { addRuntimeCommands } from './runtimeCommands.ts';
import { addServeCommand } from './serveCommand.ts';
import { addTrainCommand } from './trainCommand.ts';
import { addUserCommands } from './userCommands.ts';

/** The whole `maskloop` command; `parseAsync` throws a `CommanderError` for a wrong command line. */
export function createCommandLine(program: ProgramPaths): Command {
  const root = new Command('maskloop')
    .description('Segment studies, correct the masks, retrain on the corrections. The steps of the workstation, for scripts.')
    .version(program.version)
    .showHelpAfterError('(see --help)')
    .exitOverride()
    .addHelpText('after', exitCodesHelp);
  addProjectCommands(root, program);
  addImportCommand(root, program);
  addPlanCommands(root, program);
  addTrainCommand(root, program);
  addPredictCommand(root, program);
  addBenchCommand(root, program);
  addEvaluateCommand(root, program);
  addFindBestCommand(root, program);
  addExportCommand(root, program);
  addModelCommands(root, program);
  addModelsCommand(root, program);
  addRerunCommand(root, program);
  addNodeCommands(root, program);
  addRuntimeCommands(root, program);
  addServeCommand(root, program);
  addUserCommands(root, program);
  addListCommands(root, program);
  addEffortCommand(root, program);
  addCompletenessCommand(root, program);
  addLegendCommands(root, program);
  addAuditCommand(root, program);
  addDoctorCommand(root, program);
  addDemoCommand(root, program);
  return root;
}
