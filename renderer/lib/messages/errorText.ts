import { describeError } from '../../../main/contract/describeError.ts';
import type { AppError } from '../../../main/contract/errors.ts';
import { describeErrorInGerman } from './de/errors.ts';
import { language } from './messages.svelte.ts';

/** What happened and what to do about it, in the language of the window. */
export const errorText = (error: AppError): string => (language() === 'de' ? describeErrorInGerman(error) : describeError(error));
