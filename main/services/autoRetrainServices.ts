import type { Handlers } from '../contract/api.ts';
import { answer } from './answer.ts';
import type { AutoRetrain } from './autoRetrain.ts';

type AutoRetrainCalls = 'nnunet.autoRetrain' | 'nnunet.setAutoRetrain';

export function autoRetrainServices(autoRetrain: AutoRetrain): Pick<Handlers, AutoRetrainCalls> {
  return { 'nnunet.autoRetrain': () => answer(() => autoRetrain.state()), 'nnunet.setAutoRetrain': (settings) => answer(() => autoRetrain.change(settings)) };
}
