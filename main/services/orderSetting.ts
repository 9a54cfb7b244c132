/** How the worklist of a project is ordered, in a small file of its own. */
import { z } from 'zod';
import { AppException } from '../contract/errors.ts';
import { FIRST_ORDER_SETTING, OrderSetting } from '../contract/worklistOrder.ts';
import { readFile } from '../vault/readSealed.ts';
import { writeFileAtomic } from '../dataset/atomicFile.ts';
import { isMissingFile } from '../dataset/readIfThere.ts';

const SettingFile = OrderSetting.extend({ version: z.literal(1) });

/** The default when none was chosen. Throws `disk/corrupt`. */
export async function readOrderSetting(file: string): Promise<OrderSetting> {
  try {
    const { strategy, seed } = SettingFile.parse(JSON.parse(await readFile(file, 'utf8')));
    return { strategy, seed };
  } catch (thrown) {
    if (isMissingFile(thrown)) return FIRST_ORDER_SETTING;
    if (!(thrown instanceof z.ZodError) && !(thrown instanceof SyntaxError)) throw thrown;
    throw new AppException({ code: 'disk/corrupt', path: file, detail: `${thrown.message}. Delete the file to begin with the default order` });
  }
}

export async function writeOrderSetting(file: string, setting: OrderSetting): Promise<void> {
  await writeFileAtomic(file, Buffer.from(`${JSON.stringify({ version: 1, ...setting }, null, 2)}\n`));
}
